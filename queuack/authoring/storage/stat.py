"""What ``ObjectStoragePath.stat()`` answers: the storage's fields as a dict, those of ``os.stat`` as attributes."""

from __future__ import annotations

import stat
from typing import Any


class stat_result(dict[str, Any]):  # noqa: N801 - Airflow's name
    """Fields that the storage does not have are 0."""

    @property
    def st_dev(self) -> int:
        return 0

    @property
    def st_size(self) -> int:
        """Bytes."""
        return int(self.get("size") or 0)

    @property
    def st_gid(self) -> int:
        return int(self.get("gid") or 0)

    @property
    def st_uid(self) -> int:
        return int(self.get("uid") or 0)

    @property
    def st_ino(self) -> int:
        return int(self.get("ino") or 0)

    @property
    def st_nlink(self) -> int:
        return int(self.get("nlink") or 0)

    @property
    def st_mtime(self) -> float:
        """Seconds since 1970."""
        if "mtime" in self:
            return float(self["mtime"])
        modified = self.get("LastModified")
        return modified.timestamp() if modified is not None else 0.0

    @property
    def st_mode(self) -> int:
        if "mode" in self:
            return int(self["mode"])
        if self.get("isLink"):
            return stat.S_IFLNK
        return {"file": stat.S_IFREG, "directory": stat.S_IFDIR}.get(self.get("type", ""), 0)
