--
-- Fills each empty table of the database with :rows rows, whatever its constraints say: for
-- check(), which asks whether a table is large.  For dev/findings, by a superuser.
--
SELECT set_config('fill.rows', :'rows', false) \gset ignored_

-- a value of a type, as an expression of g
DROP FUNCTION IF EXISTS pg_temp.value_of;
CREATE FUNCTION pg_temp.value_of(typ regtype, typmod int) RETURNS text LANGUAGE sql AS $$
	WITH RECURSIVE base (oid, basetype, mod) AS (
		SELECT t.oid, t.typbasetype, CASE WHEN t.typtypmod >= 0 THEN t.typtypmod ELSE $2 END FROM pg_type t WHERE t.oid = $1
		UNION ALL
		SELECT t.oid, t.typbasetype, CASE WHEN t.typtypmod >= 0 THEN t.typtypmod ELSE b.mod END FROM base b JOIN pg_type t ON t.oid = b.basetype)
	SELECT CASE
		WHEN t.typname = 'int2' THEN '(g % 30000)'
		WHEN t.typname IN ('numeric') AND b.mod >= 0 THEN '(g % 9)'
		WHEN t.typcategory = 'N' THEN 'g'
		WHEN t.typname = 'bpchar' OR t.typcategory = 'S' AND b.mod > 4 THEN format('left(md5(g::text), %s)', greatest(b.mod - 4, 1))
		WHEN t.typcategory = 'S' OR t.typname IN ('name', 'citext') THEN 'md5(g::text)'
		WHEN t.typcategory = 'B' THEN 'g % 2 = 0'
		WHEN t.typname = 'date' THEN 'date ''2020-01-01'' + g % 10000'
		WHEN t.typname IN ('time', 'timetz') THEN 'time ''00:00'''
		WHEN t.typcategory = 'D' THEN 'timestamp ''2020-01-01'' + g * interval ''1 second'''
		WHEN t.typcategory = 'T' THEN 'g * interval ''1 second'''
		WHEN t.typcategory = 'E' THEN format('(enum_range(NULL::%1$s))[1 + g %% array_length(enum_range(NULL::%1$s), 1)]', b.oid::regtype)
		WHEN t.typname = 'uuid' THEN 'md5(g::text)::uuid'
		WHEN t.typname IN ('json', 'jsonb') THEN '''{}'''
		WHEN t.typname = 'bytea' THEN 'decode(md5(g::text), ''hex'')'
		WHEN t.typcategory = 'A' THEN '''{}'''
		WHEN t.typcategory = 'R' THEN '''empty'''
		WHEN t.typcategory = 'I' THEN 'inet ''10.0.0.0'' + g'
		WHEN t.typname IN ('tsvector', 'hstore') THEN ''''''
		ELSE 'NULL' END
	FROM base b JOIN pg_type t USING (oid) WHERE b.basetype = 0 $$;

-- constraints that the values may violate are hidden from the server meanwhile
SET session_replication_role = replica;
DO $$
DECLARE
	relation regclass;
	columns text;
	vals text;
	required int2[];
BEGIN
	FOR relation, columns, vals IN
		SELECT c.oid::regclass, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),
			string_agg(format('(%s)::%s', pg_temp.value_of(a.atttypid, a.atttypmod), format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND pg_relation_size(c.oid) = 0 AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$|migrate$)'
			AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
		GROUP BY c.oid
	LOOP
		SELECT array_agg(attnum) INTO required FROM pg_attribute WHERE attrelid = relation AND attnotnull AND attnum > 0;
		BEGIN
			UPDATE pg_class SET relchecks = 0 WHERE oid = relation;
			UPDATE pg_attribute SET attnotnull = false WHERE attrelid = relation AND attnum = ANY (required);
			UPDATE pg_constraint SET contype = '-' WHERE conrelid = relation AND contype = 'c';
			EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM generate_series(1, %s) g ON CONFLICT DO NOTHING',
						   relation, columns, vals, current_setting('fill.rows'));
		EXCEPTION WHEN OTHERS THEN
			RAISE WARNING 'table % stays as it is: %', relation, SQLERRM;
		END;
		UPDATE pg_constraint SET contype = 'c' WHERE conrelid = relation AND contype = '-';
		UPDATE pg_class SET relchecks = (SELECT count(*) FROM pg_constraint WHERE conrelid = relation AND contype = 'c') WHERE oid = relation;
		UPDATE pg_attribute SET attnotnull = true WHERE attrelid = relation AND attnum = ANY (required);
	END LOOP;
END
$$;
RESET session_replication_role;
ANALYZE;
