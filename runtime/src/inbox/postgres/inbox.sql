-- The inbox: which events each consumer group has handled. May be run again at any time; needs PostgreSQL 14 or later.
--
-- A row is written in the transaction of the handler's effects, so it is there if and only if they are. Rows are kept by
-- time in partitions, so that forgetting the old ones is a DROP TABLE and leaves nothing to vacuum.

CREATE TABLE IF NOT EXISTS conecta_inbox (
    consumer_group text COLLATE "C" NOT NULL,
    event_id       text COLLATE "C" NOT NULL,
    -- On which it was handled, in UTC. A partitioned table cannot have a key without what it is partitioned by, so that an
    -- event stands here once is the key's to see to within a day, and conecta_inbox_admit's beyond.
    day            date             NOT NULL,
    handled_at     timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, event_id, day)
) PARTITION BY RANGE (day);

-- Records the events that were not there, and returns them; nulls when that is all of them, each named once. An event that
-- another transaction has recorded and not committed yet is waited for. No transaction may last longer than a day.
--
-- Two that record one event on one day meet at the key. Those that began on either side of midnight would not: so each
-- holds, to its end, a lock that all of its day share, and where one of yesterday's is still at work, yesterday's key is
-- taken too. That is one lock however many the events are: PostgreSQL has room for some thousands, in all.
CREATE OR REPLACE FUNCTION conecta_inbox_admit(groups text[], ids text[], OUT fresh_groups text[], OUT fresh_ids text[])
    LANGUAGE plpgsql
    SET enable_seqscan = off
AS $$
DECLARE
    today        date;
    days         date[];
    known_groups text[];
    known_ids    text[];
BEGIN
    -- Sent behind a BEGIN without waiting for its answer. Were that refused, by a cancellation for instance, this would be
    -- committed by itself, and an event be known as handled that nobody handled.
    IF current_setting('conecta.unit', true) IS DISTINCT FROM 'begun' THEN
        RAISE EXCEPTION 'no unit of work is begun' USING ERRCODE = 'no_active_sql_transaction';
    END IF;
    LOOP
        today := (clock_timestamp() AT TIME ZONE 'UTC')::date;
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('conecta_inbox', today - date '2000-01-01'));
        -- It is held since before midnight, or not at all: whoever looks after midnight sees it.
        EXIT WHEN today = (clock_timestamp() AT TIME ZONE 'UTC')::date;
    END LOOP;
    days := ARRAY[today];
    IF current_setting('conecta.day', true) IS DISTINCT FROM today::text THEN
        IF EXISTS (SELECT FROM pg_locks
                   WHERE locktype = 'advisory' AND objsubid = 1 AND pid <> pg_backend_pid()
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                       AND classid::bigint << 32 | objid::bigint =
                           hashtextextended('conecta_inbox', today - 1 - date '2000-01-01'))
        THEN
            days := ARRAY[today - 1, today];
        ELSE
            -- Nobody will hold it any more: the connection need not look again today.
            PERFORM set_config('conecta.day', today::text, false);
        END IF;
    END IF;
    -- What was handled before. All of these in one search of each partition's index, which without enable_seqscan = off would
    -- be planned as a scan while the table is small, and stay one until the table is analysed: a million rows later.
    SELECT array_agg(handled.consumer_group), array_agg(handled.event_id) INTO known_groups, known_ids
        FROM conecta_inbox AS handled
        WHERE handled.consumer_group = ANY (groups) AND handled.event_id = ANY (ids);
    -- In order, so that two with the same events do not wait for each other.
    WITH admitted AS (
        INSERT INTO conecta_inbox (consumer_group, event_id, day)
        SELECT event.consumer_group, event.id, d.day
        FROM (
            SELECT consumer_group COLLATE "C", id COLLATE "C" FROM unnest(groups, ids) AS wanted (consumer_group, id)
            EXCEPT
            SELECT consumer_group COLLATE "C", id COLLATE "C" FROM unnest(known_groups, known_ids) AS known (consumer_group, id)
        ) AS event (consumer_group, id), unnest(days) AS d (day)
        ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING
        RETURNING consumer_group, event_id
    ), fresh AS (
        SELECT admitted.consumer_group, admitted.event_id FROM admitted
        GROUP BY 1, 2 HAVING count(*) = cardinality(days)
    )
    SELECT array_agg(fresh.consumer_group), array_agg(fresh.event_id) INTO fresh_groups, fresh_ids FROM fresh;
    IF cardinality(fresh_ids) = cardinality(ids) THEN
        fresh_groups := NULL;
        fresh_ids := NULL;
    ELSIF fresh_ids IS NULL THEN
        fresh_groups := '{}';
        fresh_ids := '{}';
    END IF;
END;
$$;

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
            first_day, first_day + days);
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
