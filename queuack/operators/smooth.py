"""SmoothOperator: a task that recommends a song."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queuack.authoring.operator import BaseOperator

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class SmoothOperator(BaseOperator):
    """Logs a link to a song."""

    ui_color = "#e8f7e4"
    yt_link = "https://www.youtube.com/watch?v=4TYv2PhG89A"

    def execute(self, context: Context) -> None:
        self.log.info("Enjoy Sade - Smooth Operator: %s", self.yt_link)
