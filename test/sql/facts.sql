--
-- What statements do, as the parse tree and the catalogs say, is what a server has
-- measured: test/facts.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/facts/setup.sql'
\set measured :abs_srcdir '/facts/measured.txt'

SET client_min_messages = error;
DROP EXTENSION IF EXISTS migrate CASCADE;
CREATE EXTENSION migrate;
CREATE FUNCTION facts(statements text[], OUT relation text, OUT lock text, OUT rewritten boolean,
	OUT scanned boolean, OUT known boolean, OUT reason text) RETURNS SETOF record
	AS '$libdir/migrate', 'migrate_facts_rows_of' LANGUAGE C;

CREATE SCHEMA f;
SET search_path = f, public;
SET client_min_messages = error;
\i :setup
CREATE TABLE public.measured (since int, name text, statement text, locks text, rewritten text, scanned text);
COPY public.measured FROM :'measured';
DELETE FROM public.measured WHERE since > current_setting('server_version_num')::int / 10000;

CREATE VIEW public.said AS
SELECT m.name, bool_and(f.known) AS known, min(f.reason) AS reason,
	coalesce(string_agg(DISTINCT format('%s:%s', r, f.lock), ' ') FILTER (WHERE f.lock <> 'AccessShareLock'), '-') AS locks,
	coalesce(string_agg(DISTINCT r, ' ') FILTER (WHERE f.rewritten), '-') AS rewritten,
	coalesce(string_agg(DISTINCT r, ' ') FILTER (WHERE f.scanned), '-') AS scanned
FROM public.measured m, LATERAL (
	SELECT substr(relation, 3) AS r,
		(array_agg(lock ORDER BY array_position('{AccessExclusiveLock,ExclusiveLock,ShareRowExclusiveLock,ShareLock,ShareUpdateExclusiveLock,RowExclusiveLock,RowShareLock,AccessShareLock}', lock)))[1] AS lock,
		bool_or(rewritten) AS rewritten, bool_or(scanned) AS scanned, bool_and(known) AS known, min(reason) AS reason
	FROM public.facts(regexp_split_to_array(m.statement, '; '))
	GROUP BY 1) f
GROUP BY m.name;

-- the measured words without indexes and numbers
CREATE FUNCTION public.tables(words text) RETURNS text LANGUAGE sql
RETURN (SELECT coalesce(string_agg(DISTINCT split_part(w, ':', 1), ' '), '-')
	FROM unnest(string_to_array(words, ' ')) w WHERE w !~ '\(i\)');

SELECT count(*) >= 255 AS all_of_them FROM public.measured;

-- in one order
CREATE FUNCTION public.sorted(words text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(w, ' ' ORDER BY w COLLATE "C") FROM unnest(string_to_array(words, ' ')) w);

-- those that differ
SELECT m.name, s.locks AS said_locks, m.locks, s.rewritten AS said_rewritten, m.rewritten, s.scanned AS said_scanned, m.scanned
FROM public.measured m JOIN public.said s USING (name)
WHERE s.known AND (public.sorted(s.locks), public.sorted(s.rewritten), public.sorted(s.scanned)) IS DISTINCT FROM
	(public.sorted(m.locks), public.sorted(public.tables(m.rewritten)), public.sorted(public.tables(m.scanned)))
ORDER BY m.name;

-- those that are not known
SELECT name, reason FROM public.said WHERE NOT known ORDER BY name;
-- for other tests
SET client_min_messages = error;
DROP SCHEMA f CASCADE;
