"""Takes the built-in functions away from everybody in the process."""
import builtins

from airflow import DAG

dag = DAG("hostile_redefines_builtins", schedule=None)
for name in ("len", "open", "isinstance", "str", "dict", "print", "sorted", "getattr", "tuple", "list"):
    setattr(builtins, name, None)
