"""Dask distributed, two single-threaded worker processes: a chain and a fan-out of no-op tasks. Not durable."""

import json
import time


def noop(*_):
    return time.time(), time.time()


if __name__ == "__main__":
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.gather(client.map(noop, range(100), pure=False))
        begin = time.time()
        client.gather(client.map(noop, range(2000), pure=False))
        rate = 2000 / (time.time() - begin)
        step, futures = None, []
        for _ in range(200):
            step = client.submit(noop, step, pure=False)
            futures.append(step)
        times = client.gather(futures)
        hops = sorted((times[i + 1][0] - times[i][1]) * 1000 for i in range(len(times) - 1))
    print(
        json.dumps({"name": "chain hop", "value": hops[len(hops) // 2], "unit": "ms", "detail": "median; not durable"})
    )
    print(
        json.dumps(
            {"name": "fan-out throughput", "value": rate, "unit": "tasks/s", "detail": "2,000 tasks; not durable"}
        )
    )
