-- name: journal_writes
-- One commit's worth of writes that are not in their tables yet. Two narrow columns: the cheapest durable commit there is.
INSERT INTO journal VALUES ($seq, $writes);

-- name: read_journal
-- What a process that died left behind, in order.
SELECT seq, writes FROM journal ORDER BY seq;

-- name: empty_journal
-- All of it is in the tables now (same transaction).
DELETE FROM journal;
