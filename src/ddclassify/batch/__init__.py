"""Tagging of many documents: in batches, on several processes, resumable.

batches.py     documents to batches of about a megabyte, each with the place after it
tagging.py     a batch to its rows, as bytes of JSONL: what a worker process does
pools.py       where workers are: on this machine, on a Dask cluster, behind another backend of joblib
run.py         batches through a pool in order; what kills a worker is found and set aside
spool.py       rows on their way to a file, with a journal from which an interrupted run goes on
"""
