-- The inbox: which events each consumer group has handled. May be run again at any time; needs PostgreSQL 14 or later.
--
-- A row is written in the transaction of the handler's effects, so it is there if and only if they are. Rows are kept by
-- time in partitions, so that forgetting the old ones is a DROP TABLE and leaves nothing to vacuum.

CREATE TABLE IF NOT EXISTS conecta_inbox (
    consumer_group text COLLATE "C" NOT NULL,
    event_id       text COLLATE "C" NOT NULL,
    handled_at     timestamptz      NOT NULL DEFAULT now(),
    -- A partitioned table cannot have a key without handled_at. That an event stands here once is seen to by the
    -- transactions: they lock it (pg_advisory_xact_lock), look for it in every partition, then insert.
    PRIMARY KEY (consumer_group, event_id, handled_at)
) PARTITION BY RANGE (handled_at);

-- Makes the partitions of the days to come and drops those in which every row is older than `retention`. Consumers call
-- it every hour by themselves. A partition is called conecta_inbox_FIRSTDAY_DAYAFTER, in UTC; some twelve of them make up
-- the retention, since every event is looked for in each. Those of other names are left alone.
CREATE OR REPLACE FUNCTION conecta_inbox_maintain(retention interval) RETURNS void
    LANGUAGE plpgsql
    SET lock_timeout = '5s'
AS $$
DECLARE
    today       date := (now() AT TIME ZONE 'UTC')::date;
    days        int  := greatest(1, ceil(extract(epoch FROM retention) / 86400 / 12)::int);
    schema_name text := (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = 'conecta_inbox'::regclass);
    first_day   date;
    partition   record;
BEGIN
    -- One at a time: whoever comes second finds nothing left to do.
    PERFORM pg_advisory_xact_lock(hashtextextended('conecta_inbox_maintain ' || schema_name, 0));

    SELECT greatest(today, max(to_date(split_part(relname, '_', 4), 'YYYYMMDD'))) INTO first_day
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'conecta_inbox'::regclass AND relname ~ '^conecta_inbox_\d{8}_\d{8}$';
    WHILE first_day <= today + greatest(days, 7) LOOP
        EXECUTE format('CREATE TABLE %s.conecta_inbox_%s_%s (LIKE conecta_inbox INCLUDING DEFAULTS)',
            schema_name, to_char(first_day, 'YYYYMMDD'), to_char(first_day + days, 'YYYYMMDD'));
        -- Attached rather than created in its place: that does not keep anyone from inserting meanwhile.
        EXECUTE format('ALTER TABLE conecta_inbox ATTACH PARTITION %s.conecta_inbox_%s_%s FOR VALUES FROM (%L) TO (%L)',
            schema_name, to_char(first_day, 'YYYYMMDD'), to_char(first_day + days, 'YYYYMMDD'),
            first_day || ' 00:00:00+00', (first_day + days) || ' 00:00:00+00');
        first_day := first_day + days;
    END LOOP;

    -- Dropping waits for every transaction at work on the inbox, and keeps those that come after it waiting: not for long.
    PERFORM set_config('lock_timeout', '500ms', true);
    FOR partition IN
        SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'conecta_inbox'::regclass AND relname ~ '^conecta_inbox_\d{8}_\d{8}$'
            AND to_date(split_part(relname, '_', 4), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' < now() - retention
    LOOP
        BEGIN
            EXECUTE format('DROP TABLE %s.%I', schema_name, partition.relname);
        EXCEPTION WHEN lock_not_available THEN
            RAISE LOG 'conecta_inbox: % is in use and is dropped another time', partition.relname;
        END;
    END LOOP;
END;
$$;
