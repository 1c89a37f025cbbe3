-- What retry policies said: of the retry a task instance waits for, and of the attempts it had.

ALTER TABLE task_instance ADD COLUMN retry_delay_override DOUBLE;
ALTER TABLE task_instance ADD COLUMN retry_reason VARCHAR;
ALTER TABLE task_instance_history ADD COLUMN retry_delay_override DOUBLE;
ALTER TABLE task_instance_history ADD COLUMN retry_reason VARCHAR;
