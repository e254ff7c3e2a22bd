--liquibase formatted sql

--changeset "Ada Lovelace":"two words" dbms:postgresql
CREATE TABLE app.two_words ();

--changeset ada:oracle dbms:oracle
CREATE TABLE app.oracle ();

--changeset ada:not-oracle dbms:!oracle
CREATE TABLE app.not_oracle ();

--changeset ada:not-ours dbms:!postgresql
CREATE TABLE app.not_ours ();

--changeset ada:mixed dbms:!oracle,h2
CREATE TABLE app.mixed ();

--changeset ada:all dbms:all
CREATE TABLE app.all_of_them ();

--changeset ada:none dbms:none
CREATE TABLE app.none ();

--changeset ada:ignored ignore:true
CREATE TABLE app.ignored ();

--changeset ada:not-ignored ignore:false
CREATE TABLE app.not_ignored ();

--changeset ada:fails failOnError:false
CREATE TABLE app.fails ();
SELECT 1 / 0;

--changeset ada:fails-not failOnError:false
CREATE TABLE app.fails_not ();

--changeset ada:order-last runOrder:last
CREATE TABLE app.ordered AS SELECT 1 AS first;

--changeset ada:order-first runOrder:first
ALTER TABLE app.ordered ADD second int;

--changeset ada:delimiter endDelimiter:@@ stripComments:false
CREATE TABLE app.delimited (a text DEFAULT 'a; b')@@
-- a comment
CREATE TABLE app.delimited_2 ()@@

--changeset ada:go endDelimiter:\nGO
CREATE TABLE app.go ()
GO
CREATE TABLE app.go_2 ()
GO

--changeset ada:whole splitStatements:false
CREATE FUNCTION app.whole() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	RETURN 1;
END
$$;
CREATE TABLE app.whole ();

--changeset ada:lines
--comment What is ignored
CREATE TABLE app.lines (
	a int,
--ignoreLines:2
	nonsense,
	nonsense,
	b int
);
--ignoreLines:start
nonsense;
--changeset ada:never
--ignoreLines:end
--rollback DROP TABLE app.lines;
--rollback SELECT 1;

--changeset ada:undone
CREATE TABLE app.again (a int);
/* liquibase rollback
DROP TABLE app.again;
*/

--changeset ada:referred
DROP TABLE app.again;
--rollback changesetId:undone changesetAuthor:ada

--changeset ada:nothing
CREATE TABLE app.nothing ();
--rollback empty

--changeset ada:required
CREATE TABLE app.required ();
--rollback not required

--changeset ada:changes runOnChange:true
--validCheckSum: any
CREATE OR REPLACE VIEW app.changes AS SELECT 1 AS a;

--changeset ada:always runAlways:true
CREATE TABLE IF NOT EXISTS app.always ();

--changeset ada:moved logicalFilePath:db/first.sql
CREATE TABLE app.moved ();
