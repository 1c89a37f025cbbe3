"""DBOS on SQLite: a workflow of steps, and a queue of workflows. Durable, in one process."""

import json
import os
import time

if __name__ == "__main__":
    from dbos import DBOS

    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{os.environ['BENCH_FOLDER']}/dbos.sqlite"})
    @DBOS.step()
    def noop():
        return time.time(), time.time()

    @DBOS.workflow()
    def chain(n):
        return [noop() for _ in range(n)]

    @DBOS.workflow()
    def single(i):
        return i

    DBOS.launch()
    DBOS.register_queue("bench", worker_concurrency=32)
    chain(20)
    times = chain(200)
    hops = sorted((times[i + 1][0] - times[i][1]) * 1000 for i in range(len(times) - 1))
    print(json.dumps({"name": "chain hop", "value": hops[len(hops) // 2], "unit": "ms", "detail": "median; steps in one process"}))
    begin = time.time()
    handles = [DBOS.enqueue_workflow("bench", single, i) for i in range(500)]
    for handle in handles:
        handle.get_result()
    rate = 500 / (time.time() - begin)
    print(json.dumps({"name": "fan-out throughput", "value": rate, "unit": "tasks/s", "detail": "500 queued workflows"}))
    DBOS.destroy()
