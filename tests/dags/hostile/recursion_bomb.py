"""airflow dag file that calls itself for ever."""


def deeper(n):
    return deeper(n + 1)


deeper(0)
