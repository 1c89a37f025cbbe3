"""airflow dag file that writes rubbish into every pipe it finds."""
import os

for number in range(3, 64):
    try:
        os.write(number, b"\x00\x00\x00\x04\xff\xff\xff\xff")
    except OSError:
        pass
while True:
    pass
