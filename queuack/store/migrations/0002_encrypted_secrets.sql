-- Values of variables, passwords and extras of connections are kept encrypted from now on. Rows written before stay as
-- they are, marked as not encrypted, until they are set again or `queuack rotate-fernet-key` runs.

ALTER TABLE variable ADD COLUMN is_encrypted BOOLEAN DEFAULT false;
ALTER TABLE connection ADD COLUMN is_encrypted BOOLEAN DEFAULT false;
ALTER TABLE connection ADD COLUMN is_extra_encrypted BOOLEAN DEFAULT false;
