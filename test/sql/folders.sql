--
-- Folders in a directory: formats that use them, and formats that ignore them.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- flat formats ignore folders
SELECT test.write('flat/1_a.sql', test.goose('SELECT 1;'));
SELECT test.write('flat/old/2_b.sql', test.goose('SELECT 1;'));
SELECT test.write('flat/old/V1__a.sql', 'SELECT 1;');
SELECT test.write('flat/old/1.sql', E'--liquibase formatted sql\n--changeset a:1\nSELECT 1;');
SELECT test.write('flat/x/up.sql', 'SELECT 1;');
SELECT version, name FROM migrate.apply(test.made('flat'), project => 'flat');
SELECT test.shell('mkdir flat/closed && touch flat/closed/3_c.sql && chmod 0 flat/closed');
SELECT test.shell('mkdir flat/names && touch flat/names/$(printf "\\377").sql');
SELECT test.shell('cd flat && ln -s . loop && ln -s itself itself && ln -s nowhere nowhere');
SELECT test.look('flat');
SELECT test.shell('cd flat && for i in 1 2 3 4 5 6 7 8 9; do ln -s . loop$i; done');
SELECT test.look('flat');
SELECT test.shell('cd flat && rm loop*');
SELECT test.shell('cd flat && mkdir -p w/1 w/2 w/3 w/4 w/5 && for f in 1 2 3 4; do for i in 0 1 2 3 4 5 6 7 8 9; do ln -s ../$((f + 1)) w/$f/$i; done; done');
SELECT test.look('flat');
SELECT test.remove('flat/w');

-- others must read all of them
SELECT test.write('deep/V1__a.sql', 'SELECT 1;');
SELECT test.write('deep/closed/V2__b.sql', 'SELECT 1;');
SELECT test.shell('ln -s itself deep/itself && ln -s nowhere deep/nowhere');
SELECT test.look('deep');
SELECT test.shell('chmod 0 deep/closed');
SELECT test.look('deep');
SELECT test.shell('chmod 755 deep/closed && touch deep/closed/$(printf "\\377").txt');
SELECT test.look('deep');
SELECT test.shell('touch deep/closed/V3__$(printf "\\377").sql');
SELECT test.look('deep');
SELECT test.remove('deep/closed');
SELECT test.shell('ln -s . deep/loop');
SELECT test.look('deep');
SELECT test.shell('rm deep/loop');
SELECT test.shell('mkdir deep/back && ln -s .. deep/back/up');
SELECT test.look('deep');
SELECT test.remove('deep/back');
SELECT test.write('deep/2/3/4/5/6/7/8/9/V2__b.sql', 'SELECT 1;');
SELECT test.look('deep');
SELECT test.write('deep/2/3/4/5/6/7/8/9/10/V3__c.sql', 'SELECT 1;');
SELECT test.look('deep');

-- a plan whose scripts cannot be read
SELECT test.write('plan/sqitch.plan', E'%project=x\n\na 2024-01-01T00:00:00Z A <a@x>\n');
SELECT test.write('plan/deploy/a.sql', 'SELECT 1;');
SELECT test.shell('chmod 0 plan/deploy');
SELECT test.look('plan');
SELECT test.shell('chmod 755 plan/deploy');
SELECT test.look('plan');

-- links of an ordinary role must stay below the allowed directories
CREATE ROLE regress_folders;
GRANT USAGE ON SCHEMA migrate, test, app TO regress_folders;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA migrate, test TO regress_folders;
SELECT test.write('inside/linked/V1__a.sql', 'SELECT 1;');
SELECT test.write('outside/V2__b.sql', 'SELECT 1;');
SELECT test.write('inside/here/V3__c.sql', 'SELECT 1;');
SELECT test.shell('ln -s ../linked inside/here/one');
SELECT set_config('migrate.allowed_directories', test.made('inside'), false) \gset ignored_
SET ROLE regress_folders;
SELECT version, file FROM migrate.status(test.made('inside/here'));
RESET ROLE;
SELECT test.shell('ln -s ../../outside inside/here/two');
SELECT version, file FROM migrate.status(test.made('inside/here'));
SET ROLE regress_folders;
SELECT test.try($$SELECT migrate.apply(test.made('inside/here'))$$);
RESET ROLE;
SELECT test.shell('rm inside/here/two && ln -s ../../outside/V2__b.sql inside/here/');
SET ROLE regress_folders;
SELECT test.try($$SELECT migrate.apply(test.made('inside/here'))$$);
RESET ROLE;
-- also where a tool may do without a file
SELECT test.write('inside/plan/sqitch.plan', E'%project=x\n\na 2024-01-01T00:00:00Z A <a@x>\n');
SELECT test.write('inside/plan/deploy/a.sql', 'SELECT 1;');
SELECT test.write('outside/a.sql', 'SELECT 1;');
SELECT test.shell('ln -s ../../outside inside/plan/verify');
SET migrate.verify_scripts = on;
SET ROLE regress_folders;
SELECT test.try($$SELECT migrate.apply(test.made('inside/plan'))$$);
RESET ROLE;
RESET migrate.verify_scripts;
SELECT test.shell('rm inside/plan/verify && ln -s ../../outside inside/plan/revert');
SET ROLE regress_folders;
SELECT test.try($$SELECT migrate.apply(test.made('inside/plan'))$$);
SELECT test.try($$SELECT migrate.baseline(test.made('inside/plan'), script => 'revert/a.sql')$$);
RESET ROLE;
-- and for a file that is not one of SQL
SELECT test.write('outside/flyway.toml', '');
SELECT test.write('inside/toml/V1__a.sql', 'SELECT 1;');
SELECT test.shell('ln -s ../../outside/flyway.toml inside/toml/ && ln -s /nowhere inside/toml/sqitch.conf');
SET ROLE regress_folders;
SELECT test.try($$SELECT migrate.apply(test.made('inside/toml'))$$);
RESET ROLE;
SELECT test.shell('rm inside/toml/flyway.toml');
SET ROLE regress_folders;
SELECT test.try($$SELECT migrate.apply(test.made('inside/toml'))$$);
RESET ROLE;
-- a directory outside is refused alike whether it exists or not
SELECT test.shell('ln -s ../outside inside/link && mkdir outside/there');
SET ROLE regress_folders;
SELECT test.try($$SELECT migrate.apply(test.made('inside/link/there'))$$);
SELECT test.try($$SELECT migrate.apply(test.made('inside/link/missing'))$$);
RESET ROLE;
-- a link to a folder is no file, not even one to the allowed directory itself
SELECT test.write('self/1_a.sql', 'SELECT 1;');
SELECT test.shell('mkdir self/sub && ln -s . self/2_b.sql && ln -s sub self/3_c.sql');
SELECT set_config('migrate.allowed_directories', test.made('self'), false) = test.made('self');
SET ROLE regress_folders;
SELECT version, state FROM migrate.status(test.made('self'));
RESET ROLE;
SELECT version FROM migrate.baseline(test.made('self'), project => 'self');
RESET migrate.allowed_directories;
DROP OWNED BY regress_folders;
DROP ROLE regress_folders;
SELECT test.shell('chmod -R u+rwx flat');

-- an error names files that exist
SELECT test.write('other/1_a/migration.sql', test.goose('SELECT 1;'));
SELECT test.write('other/2_b/migration.sql', 'SELECT 1;');
SELECT test.try(format('SELECT * FROM migrate.apply(%L, project => ''other'')', test.made('other')));
SELECT test.write('another/2024_a/up.sql', test.goose('SELECT 1;'));
SELECT test.write('another/2024_b/up.sql', 'SELECT 1;');
SELECT test.try(format('SELECT * FROM migrate.apply(%L, project => ''other'')', test.made('another')));
-- where nothing is a migration, the error names other files
SELECT test.write('bare/000001.sql', 'SELECT 1;');
SELECT test.try(format('SELECT * FROM migrate.apply(%L, project => ''other'')', test.made('bare')));
SELECT test.try(format('SELECT * FROM migrate.apply(%L, project => ''other'', format => ''goose'')', test.made('bare')));
