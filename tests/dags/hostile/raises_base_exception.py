"""airflow dag file whose exception cannot even be printed."""


class Nasty(BaseException):
    def __str__(self):
        raise RuntimeError("no text")


raise Nasty
