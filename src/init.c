/*-------------------------------------------------------------------------
 *
 * init.c
 *		Module magic and settings.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/init.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "format/contexts.h"
#include "util/compat.h"
#include "util/guc.h"
#include "util/printable.h"

MIGRATE_MODULE_MAGIC;

char	   *migrate_directory = NULL;

char	   *migrate_allowed_directories = NULL;

int			migrate_on_modified = ON_MODIFIED_ERROR;

int			migrate_out_of_order = OUT_OF_ORDER_ERROR;

char	   *migrate_contexts;

char	   *migrate_labels;

char	   *migrate_notify_channel;
bool		migrate_keep_in_step;

bool		migrate_callbacks_always = false;

int			migrate_verify_scripts = VERIFY_SCRIPTS_AUTO;

int			migrate_lock_retries = 0;

int			migrate_lock_retry_delay = 1000;

int			migrate_lock_wait = LOCK_WAIT_QUEUE;

int			migrate_lock_poll_limit = 5000;

int			migrate_top_level = TOP_LEVEL_SESSION;

int			migrate_large_table = 10240;

int			migrate_on_findings = ON_FINDINGS_IGNORE;

bool		migrate_record_objects = false;

bool		migrate_allow_sync = false;

char	   *migrate_schema_path;

static const struct config_enum_entry on_modified_options[] = {
	{"error", ON_MODIFIED_ERROR, false},
	{"warn", ON_MODIFIED_WARN, false},
	{"ignore", ON_MODIFIED_IGNORE, false},
	{NULL, 0, false}
};

static const struct config_enum_entry out_of_order_options[] = {
	{"error", OUT_OF_ORDER_ERROR, false},
	{"apply", OUT_OF_ORDER_APPLY, false},
	{NULL, 0, false}
};

static const struct config_enum_entry on_findings_options[] = {
	{"ignore", ON_FINDINGS_IGNORE, false},
	{"warn", ON_FINDINGS_WARN, false},
	{"error", ON_FINDINGS_ERROR, false},
	{"strict", ON_FINDINGS_STRICT, false},
	{NULL, 0, false}
};

static const struct config_enum_entry verify_scripts_options[] = {
	{"auto", VERIFY_SCRIPTS_AUTO, false},
	{"on", VERIFY_SCRIPTS_ON, false},
	{"off", VERIFY_SCRIPTS_OFF, false},
	{NULL, 0, false}
};

static const struct config_enum_entry lock_wait_options[] = {
	{"queue", LOCK_WAIT_QUEUE, false},
	{"poll", LOCK_WAIT_POLL, false},
	{NULL, 0, false}
};

static const struct config_enum_entry top_level_options[] = {
	{"session", TOP_LEVEL_SESSION, false},
	{"worker", TOP_LEVEL_WORKER, false},
	{NULL, 0, false}
};

/*
 * check_hook of migrate.directory: empty, or an absolute path.
 */
static bool
check_directory(char **newval, void **extra, GucSource source)
{
	if (**newval == '\0' || is_absolute_path(*newval))
		return true;
	GUC_check_errdetail("The path must be absolute.");
	return false;
}

/*
 * check_hook of migrate.allowed_directories: a list of absolute paths.
 */
static bool
check_allowed_directories(char **newval, void **extra, GucSource source)
{
	char	   *raw = pstrdup(*newval);
	List	   *entries;
	ListCell   *lc;

	if (!SplitDirectoriesString(raw, ',', &entries))
	{
		GUC_check_errdetail("List syntax is invalid.");
		return false;
	}
	foreach(lc, entries)
	{
		if (!is_absolute_path((char *) lfirst(lc)))
		{
			GUC_check_errdetail("The path \"%s\" is not absolute.",
								migrate_shown(lfirst(lc)));
			return false;
		}
	}
	list_free_deep(entries);
	pfree(raw);
	return true;
}

/*
 * check_hook of migrate.contexts and migrate.labels.
 */
static bool
check_expression(char **newval, void **extra, GucSource source)
{
	const char *error = migrate_contexts_error(*newval);

	if (error == NULL)
		return true;
	GUC_check_errdetail("The expression cannot be read: %s.", error);
	return false;
}

/*
 * check_hook of migrate.notify_channel: NOTIFY takes names of this length.
 */
static bool
check_notify_channel(char **newval, void **extra, GucSource source)
{
	if (strlen(*newval) < NAMEDATALEN)
		return true;
	GUC_check_errdetail("The name of a channel must be shorter than %d bytes.", NAMEDATALEN);
	return false;
}

/*
 * check_hook of migrate.schema_path: a list of names, as search_path has it.
 */
static bool
check_schema_path(char **newval, void **extra, GucSource source)
{
	char	   *raw = pstrdup(*newval);
	List	   *names;
	bool		valid = SplitIdentifierString(raw, ',', &names);

	if (!valid)
		GUC_check_errdetail("List syntax is invalid.");
	list_free(names);
	pfree(raw);
	return valid;
}

/*
 * Settings: what runs: files, order, and where.
 */
static void
define_what_runs(void)
{
	/*
	 * Superusers only: the owner of a database, who could set it there, could
	 * otherwise make a superuser's call run files of their own.
	 */
	DefineCustomStringVariable("migrate.directory",
							   "Sets the directory of migrations for calls that do not name one.",
							   NULL,
							   &migrate_directory,
							   "",
							   PGC_SUSET,
							   0,
							   check_directory, NULL, NULL);

	DefineCustomStringVariable("migrate.allowed_directories",
							   "Lists the directories from which every role may read migrations.",
							   "A comma-separated list, which includes the directories below those named. Roles with privileges of pg_read_server_files do not need it.",
							   &migrate_allowed_directories,
							   "",
							   PGC_SUSET,
							   GUC_LIST_INPUT | GUC_SUPERUSER_ONLY,
							   check_allowed_directories, NULL, NULL);

	DefineCustomEnumVariable("migrate.on_modified",
							 "Sets what a run does about an applied migration whose up script has changed.",
							 NULL,
							 &migrate_on_modified,
							 ON_MODIFIED_ERROR,
							 on_modified_options,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomEnumVariable("migrate.out_of_order",
							 "Sets what a run does about a pending migration below the highest applied one.",
							 NULL,
							 &migrate_out_of_order,
							 OUT_OF_ORDER_ERROR,
							 out_of_order_options,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomBoolVariable("migrate.callbacks_always",
							 "Runs callbacks also in a run that has nothing to apply.",
							 NULL,
							 &migrate_callbacks_always,
							 false,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomEnumVariable("migrate.verify_scripts",
							 "Runs the verify script of each change of sqitch after the change.",
							 "With \"auto\", sqitch.conf decides.",
							 &migrate_verify_scripts,
							 VERIFY_SCRIPTS_AUTO,
							 verify_scripts_options,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomEnumVariable("migrate.top_level",
							 "Selects the process that runs statements that cannot run in a transaction block.",
							 "With \"worker\", a background worker does, for extensions that refuse them in a CALL.",
							 &migrate_top_level,
							 TOP_LEVEL_SESSION,
							 top_level_options,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomStringVariable("migrate.contexts",
							   "Selects changesets of Liquibase by their contexts.",
							   "A comma-separated list of names, or an expression with \"and\", \"or\", \"!\" and parentheses; \"*\" is all.",
							   &migrate_contexts,
							   "",
							   PGC_USERSET,
							   0,
							   check_expression, NULL, NULL);

	DefineCustomStringVariable("migrate.labels",
							   "Selects changesets of Liquibase by their labels.",
							   "A comma-separated list of names, or an expression with \"and\", \"or\", \"!\" and parentheses; \"*\" is all.",
							   &migrate_labels,
							   "",
							   PGC_USERSET,
							   0,
							   check_expression, NULL, NULL);

	DefineCustomStringVariable("migrate.schema_path",
							   "Lists the schemas that follow \"schema\" in the search_path of a run.",
							   "A comma-separated list, as for search_path.",
							   &migrate_schema_path,
							   "",
							   PGC_USERSET,
							   GUC_LIST_INPUT,
							   check_schema_path, NULL, NULL);
}

/*
 * Settings: how a run waits for locks.
 */
static void
define_waits(void)
{
	DefineCustomIntVariable("migrate.lock_retries",
							"Sets how often CALL migrate.up() and down() retry a transaction that could not get a lock.",
							"Errors that count are a lock timeout, a deadlock, and a lock that NOWAIT did not get.",
							&migrate_lock_retries,
							0, 0, 1000,
							PGC_USERSET,
							0,
							NULL, NULL, NULL);

	DefineCustomIntVariable("migrate.lock_retry_delay",
							"Sets the wait before the first retry of a transaction that could not get a lock.",
							"The wait doubles with each further retry, up to a minute.",
							&migrate_lock_retry_delay,
							1000, 1, 60000,
							PGC_USERSET,
							GUC_UNIT_MS,
							NULL, NULL, NULL);

	DefineCustomEnumVariable("migrate.lock_wait",
							 "Selects how CALL migrate.up() and down() wait for locks on relations.",
							 "With \"poll\", other sessions do not have to wait behind them.",
							 &migrate_lock_wait,
							 LOCK_WAIT_QUEUE,
							 lock_wait_options,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomIntVariable("migrate.lock_poll_limit",
							"Sets how long CALL migrate.up() and down() poll for the locks of a transaction before they queue for them.",
							"It matters only if migrate.lock_wait is \"poll\".",
							&migrate_lock_poll_limit,
							5000, 0, INT_MAX,
							PGC_USERSET,
							GUC_UNIT_MS,
							NULL, NULL, NULL);
}

/*
 * Settings: what a run must not do.
 */
static void
define_limits(void)
{
	/* what a DBA has decided is not for the author of a migration to change */
	DefineCustomIntVariable("migrate.large_table",
							"Sets the minimum size of a table about which the rules of migrate.check() find something.",
							"With 0, it is every table that has rows.",
							&migrate_large_table,
							10240, 0, INT_MAX,
							PGC_SUSET,
							GUC_UNIT_KB,
							NULL, NULL, NULL);

	DefineCustomEnumVariable("migrate.on_findings",
							 "Sets what a run does about findings of migrate.check().",
							 NULL,
							 &migrate_on_findings,
							 ON_FINDINGS_IGNORE,
							 on_findings_options,
							 PGC_SUSET,
							 0,
							 NULL, NULL, NULL);

	/* a database that others work in is not for a developer to open */
	DefineCustomBoolVariable("migrate.allow_sync",
							 "Allows migrate.sync(), which undoes migrations that are not in the directory.",
							 "For development only.",
							 &migrate_allow_sync,
							 false,
							 PGC_SUSET,
							 0,
							 NULL, NULL, NULL);
}

/*
 * Settings: what a run writes besides, and whom it tells.
 */
static void
define_records(void)
{
	DefineCustomStringVariable("migrate.notify_channel",
							   "Sets the channel on which a run that has applied or undone migrations sends a NOTIFY.",
							   "If it is empty, no NOTIFY is sent.",
							   &migrate_notify_channel,
							   "",
							   PGC_USERSET,
							   0,
							   check_notify_channel, NULL, NULL);

	/* the owner of a database must not make a superuser's run write more */
	DefineCustomBoolVariable("migrate.keep_in_step",
							 "Writes what a run does to the table of the tool whose format the directory has, too.",
							 NULL,
							 &migrate_keep_in_step,
							 false,
							 PGC_SUSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomBoolVariable("migrate.record_objects",
							 "Records the objects of the database at the end of a run, for migrate.drift().",
							 NULL,
							 &migrate_record_objects,
							 false,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);
}

void
_PG_init(void)
{
	define_what_runs();
	define_waits();
	define_limits();
	define_records();
	MarkGUCPrefixReserved("migrate");
}
