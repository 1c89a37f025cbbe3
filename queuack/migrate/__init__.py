"""``queuack migrate check``: what of a folder of Airflow DAG files works here, found without a daemon.

``checking`` puts it together: what the text says (``static``), then what a parse in a child process says
(``parsing``). Nothing here changes a file.
"""
