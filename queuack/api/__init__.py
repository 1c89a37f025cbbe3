"""The REST API, as Airflow 3.3 has it: HTTP on one side, the services of a daemon on the other.

It translates and decides nothing: what may be asked of the system is in ``daemon/services``, reached through a
``Backend``; who may ask is in ``auth``. It runs in a process of its own and holds no state but sessions' keys.
"""
