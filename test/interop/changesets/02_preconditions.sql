--liquibase formatted sql

--changeset bo:holds
--preconditions onFail:HALT onError:HALT
--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_class WHERE relname = 'holds'
--precondition-sql-check t SELECT true
--precondition-sql-check expectedResult:"a b" SELECT 'a b';
--precondition-sql-check expectedResult:'${dialect}' SELECT '${dialect}'
CREATE TABLE app.holds ();

--changeset bo:marked
--preconditions onFail:MARK_RAN
--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_class WHERE relname = 'holds'
CREATE TABLE app.marked ();

--changeset bo:marked-error
--preconditions onError:MARK_RAN onFail:HALT
--precondition-sql-check expectedResult:0 SELECT count(*) FROM nowhere
CREATE TABLE app.marked_error ();

--changeset bo:marked-null
--preconditions onFail:MARK_RAN
--precondition-sql-check expectedResult:0 SELECT max(oid) FROM pg_class WHERE false
CREATE TABLE app.marked_null ();

--changeset bo:marked-empty
--preconditions onFail:HALT onError:MARK_RAN
--precondition-sql-check expectedResult:0 SELECT 0 WHERE false
CREATE TABLE app.marked_empty ();

--changeset bo:marked-rows
--preconditions onFail:HALT onError:MARK_RAN
--precondition-sql-check expectedResult:1 SELECT generate_series(1, 2)
CREATE TABLE app.marked_rows ();

--changeset bo:marked-columns
--preconditions onFail:HALT onError:MARK_RAN
--precondition-sql-check expectedResult:1 SELECT 1, 2
CREATE TABLE app.marked_columns ();

--changeset bo:continued
--preconditions onFail:CONTINUE onFailMessage:"Not yet."
--precondition-sql-check expectedResult:1 SELECT count(*) FROM pg_class WHERE relname = 'ready'
CREATE TABLE app.continued ();

--changeset bo:continued-error
--preconditions onError:continue
--precondition-sql-check expectedResult:0 SELECT count(*) FROM public.ready
CREATE TABLE app.continued_error ();

--changeset bo:warned
--preconditions onFail:WARN
--precondition-sql-check expectedResult:1 SELECT 2
--precondition-sql-check expectedResult:1 SELECT 1 / 0
CREATE TABLE app.warned ();

--changeset bo:warned-error
--preconditions onError:WARN
--precondition-sql-check expectedResult:1 SELECT 1 / 0
CREATE TABLE app.warned_error ();

--changeset bo:replaced
--preconditions onFail:HALT
--precondition-sql-check expectedResult:1 SELECT 2
--preconditions onFail:HALT
CREATE TABLE app.replaced ();

--changeset bo:undone
--precondition-sql-check expectedResult:app SELECT set_config('search_path', 'app', false)
CREATE TABLE app.undone (a text DEFAULT current_schema());

--changeset bo:concurrently runInTransaction:false
--preconditions onFail:MARK_RAN
--precondition-sql-check expectedResult:1 SELECT count(*) FROM pg_class WHERE relname = 'undone'
CREATE INDEX CONCURRENTLY undone_a ON app.undone (a);
