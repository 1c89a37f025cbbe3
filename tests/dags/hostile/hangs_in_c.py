"""airflow dag file that sits in a C call which keeps the interpreter lock."""
import ctypes

ctypes.PyDLL(None).sleep(100_000)
