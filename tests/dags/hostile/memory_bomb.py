"""airflow dag file that takes all the memory it gets."""
hoard = []
while True:
    hoard.append(bytearray(16 * 1024 * 1024))
