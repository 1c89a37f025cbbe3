"""DBOS on SQLite: a workflow of steps, and many workflows started at once. Durable, in one process."""

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
    chain(20)
    times = chain(200)
    hops = sorted((times[i + 1][0] - times[i][1]) * 1000 for i in range(len(times) - 1))
    print(
        json.dumps(
            {"name": "chain hop", "value": hops[len(hops) // 2], "unit": "ms", "detail": "median; steps in one process"}
        )
    )
    begin = time.time()
    # Started directly, not queued: a queue is bound by its polling, this is the better figure for DBOS.
    handles = [DBOS.start_workflow(single, i) for i in range(500)]
    for handle in handles:
        handle.get_result()
    rate = 500 / (time.time() - begin)
    print(
        json.dumps(
            {
                "name": "fan-out throughput",
                "value": rate,
                "unit": "tasks/s",
                "detail": "500 workflows started, then awaited",
            }
        )
    )
    DBOS.destroy()
