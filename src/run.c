/*-------------------------------------------------------------------------
 *
 * run.c
 *		The sequence of a run: look, lock, look again, check, then for each step
 *		execute and record.
 *
 * Everything happens in the caller's transaction.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "migrate.h"

/*
 * One call of a routine, and what it knows.
 */
typedef struct Run
{
	MigrateRequest *request;
	MigrateSource *source;		/* NULL: only the history is asked */
	List	   *applied;		/* of AppliedMigration, as applied */
	List	   *items;			/* of MigrateItem, in order of versions */
	int			batch;			/* of what is applied now, 0: not known yet */
} Run;

/*
 * A run is going on in this backend.  Neither the lock nor SPI would notice a
 * migration that calls us again.
 */
static bool running = false;

/*
 * Look at the directory's migrations and the latest history together.
 */
static void
look(Run *run)
{
	run->applied = migrate_history_read(run->request, true);
	run->items = migrate_plan_match(run->source ? migrate_source_set(run->source)->migrations : NIL,
									run->applied);
}

/*
 * Do a section and a stored script differ in more than white space and
 * comments?  Their bytes do.
 */
static bool
has_changed(Run *run, const MigrateSection *section, const uint8 *stored_sha256)
{
	char	   *stored = migrate_history_script(stored_sha256);
	char	   *sql;
	bool		changed;

	if (stored == NULL)
		return true;			/* too large to have been kept */
	sql = migrate_source_text(run->source, section);

	changed = !migrate_script_same(stored, sql);
	pfree(sql);
	pfree(stored);
	return changed;
}

/*
 * Look closer at the items whose bytes are others than those recorded.
 */
static void
judge_changes(Run *run)
{
	ListCell   *lc;

	foreach(lc, run->items)
	{
		MigrateItem *item = lfirst(lc);

		if (item->up_changed)
			item->up_changed = has_changed(run, &item->file->up, item->applied->up_sha256);
		if (item->down_changed && item->file->down.present && item->applied->has_down)
			item->down_changed = has_changed(run, &item->file->down, item->applied->down_sha256);
		if (item->up_changed)
			item->state = STATE_MODIFIED;
	}
}

static bool
same_history(List *one, List *other)
{
	ListCell   *a;
	ListCell   *b;

	if (list_length(one) != list_length(other))
		return false;
	forboth(a, one, b, other)
	{
		AppliedMigration *x = lfirst(a);
		AppliedMigration *y = lfirst(b);

		if (x->history_id != y->history_id || x->has_down != y->has_down ||
			memcmp(x->up_sha256, y->up_sha256, PG_SHA256_DIGEST_LENGTH) != 0 ||
			(x->has_down &&
			 memcmp(x->down_sha256, y->down_sha256, PG_SHA256_DIGEST_LENGTH) != 0))
			return false;
	}
	return true;
}

/*
 * Take the run lock, and look at the history again.  Returns false if it has
 * changed since the last look: what was planned is void then.
 */
static bool
lock_and_look(Run *run, const char *routine)
{
	List	   *latest;

	PreventCommandDuringRecovery(routine);
	PreventCommandIfReadOnly(routine);
	migrate_lock_acquire(run->request->project, run->request->schema);
	latest = migrate_history_read(run->request, true);
	if (!migrate_history_is_current(run->request, latest))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent migration"),
				 errhint("Retry the transaction.")));
	if (same_history(run->applied, latest))
		return true;
	look(run);
	judge_changes(run);
	return false;
}

static void
init_place(MigratePlace *place, ErrorContextCallback *callback, MigrateDirection direction,
		   const Migration *file, const AppliedMigration *applied)
{
	memset(place, 0, sizeof(MigratePlace));
	place->direction = direction;
	place->version = file ? file->version : applied->version;
	place->name = file ? file->name : applied->name;
	place->stored = file == NULL;
	place->file = file == NULL ? applied->file :
		direction == MIGRATE_DOWN && file->down.present ? file->down.file : file->up.file;
	callback->callback = migrate_error_context;
	callback->arg = place;
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

static void
end_place(ErrorContextCallback *callback)
{
	error_context_stack = callback->previous;
}

/*
 * A stored script never runs with more power than its author had: he must be
 * the current role, or a superuser.
 */
static void
check_author(const char *author)
{
	if (author != NULL &&
		(strcmp(author, GetUserNameFromId(GetUserId(), false)) == 0 ||
		 superuser_arg(get_role_oid(author, true))))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to run a stored script of role \"%s\"",
					author ? author : "(unknown)"),
			 errhint("Use SET ROLE to become its author, or give the directory to run the files instead.")));
}

/*
 * Has the session more power than the current role, which RESET ROLE would
 * give back?
 */
static bool
has_power_in_reserve(void)
{
	return GetSessionUserId() != GetUserId() || GetAuthenticatedUserId() != GetUserId();
}

/*
 * Read a stored script.  At the run it has to be the one that was checked.
 */
static char *
stored_text(MigrateStep *step, const uint8 *key)
{
	char	   *sql = migrate_history_script(key);
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];

	if (sql == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("script has not been stored, because of its size"),
				 errhint("Give the directory to run the files instead.")));
	migrate_sha256(sql, strlen(sql), sha256);
	if (step->script == NULL)
		memcpy(step->sha256, sha256, sizeof(sha256));
	else if (memcmp(step->sha256, sha256, sizeof(sha256)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("stored script has changed during the run")));
	return sql;
}

/*
 * The script of a step: from its file, or from the store.  NULL if there is
 * none, which only a down can be.
 */
static char *
step_text(Run *run, MigrateStep *step)
{
	bool		up = step->direction == MIGRATE_UP;
	const AppliedMigration *applied = step->applied;

	if (step->file != NULL)
	{
		const MigrateSection *section = up ? &step->file->up : &step->file->down;

		return section->present ? migrate_source_text(run->source, section) : NULL;
	}
	if (!up && !applied->has_down)
		return NULL;
	check_author(up ? applied->up_role : applied->down_role);
	return stored_text(step, up ? applied->up_sha256 : applied->down_sha256);
}

static MigrateScript *
parse_step(const MigrateStep *step, const char *sql, MigratePlace *place)
{
	bool		up = step->direction == MIGRATE_UP;
	const MigrateSection *section = step->file == NULL ? NULL :
		up ? &step->file->up : &step->file->down;

	if (section != NULL)
		return migrate_script_parse(sql, section->transactional, section->line, place);
	return migrate_script_parse(sql,
								up ? step->applied->up_transactional : step->applied->down_transactional,
								up ? step->applied->up_line : step->applied->down_line,
								place);
}

/*
 * Can the down section of a file be run?  If not, *error says why when there
 * is more to say than that it has no statement.
 */
static bool
is_reversible(Run *run, const Migration *file, char **error)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool reversible = false;
	MigratePlace place;
	ErrorContextCallback callback;
	char	   *sql;

	*error = NULL;
	if (!file->down.present)
		return false;
	init_place(&place, &callback, MIGRATE_DOWN, file, NULL);
	sql = migrate_source_text(run->source, &file->down);
	PG_TRY();
	{
		reversible = migrate_script_parse(sql, file->down.transactional,
										  file->down.line, &place)->nstatements > 0;
	}
	PG_CATCH();
	{
		ErrorData  *data;

		if (!migrate_is_script_error(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		data = CopyErrorData();
		FlushErrorState();
		*error = psprintf("down section: %s, file \"%s\", line %d",
						  data->message, place.file, place.line);
		FreeErrorData(data);
	}
	PG_END_TRY();
	end_place(&callback);
	pfree(sql);
	return reversible;
}

static void
warn_down(const char *error)
{
	if (error != NULL)
		ereport(WARNING,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("migration cannot be undone: %s", error)));
}

/*
 * Parse and check all that is about to be applied, before any of it runs.
 * "afresh" if other steps run before that may drop what is there now.
 */
static void
check_up_steps(Run *run, List *steps, bool afresh)
{
	List	   *made = NIL;
	bool		made_unknown = afresh;
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		MigratePlace place;
		ErrorContextCallback callback;
		char	   *sql;

		init_place(&place, &callback, MIGRATE_UP, step->file, step->applied);
		sql = step_text(run, step);

		step->script = parse_step(step, sql, &place);
		migrate_execute_check(step->script, sql, &place, &made, &made_unknown);
		pfree(sql);
		end_place(&callback);
		if (step->file != NULL)
		{
			step->reversible = is_reversible(run, step->file, &step->down_error);
			warn_down(step->down_error);
			if (step->file->said_reversible && !step->reversible)
				ereport(NOTICE,
						(errmsg("migration \"%s\" is said to be reversible, and has no undo script",
								migrate_label(step->file->version, step->file->name))));
		}
	}
}

/*
 * The script of a down step, NULL if it has no statement.  With force, one
 * that cannot be parsed is none.
 */
static MigrateScript *
parse_down_step(Run *run, MigrateStep *step, List **made, bool *made_unknown)
{
	MemoryContext context = CurrentMemoryContext;
	MigratePlace place;
	ErrorContextCallback callback;
	char	   *sql;
	MigrateScript *volatile script = NULL;

	init_place(&place, &callback, MIGRATE_DOWN, step->file, step->applied);
	sql = step_text(run, step);

	PG_TRY();
	{
		if (sql != NULL)
			script = parse_step(step, sql, &place);
	}
	PG_CATCH();
	{
		if (!run->request->force || !migrate_is_script_error(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
	}
	PG_END_TRY();
	if (script != NULL)
		migrate_execute_check(script, sql, &place, made, made_unknown);
	end_place(&callback);
	if (sql != NULL)
		pfree(sql);
	return script != NULL && script->nstatements > 0 ? script : NULL;
}

/*
 * Parse and check all that is about to be undone, before any of it runs.
 */
static void
check_down_steps(Run *run, List *steps)
{
	List	   *made = NIL;
	bool		made_unknown = false;
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		const AppliedMigration *applied = step->applied;

		step->script = parse_down_step(run, step, &made, &made_unknown);
		step->forced = step->script == NULL;
		if (step->forced && !run->request->force)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("migration \"%s\" cannot be undone",
							migrate_label(applied->version, applied->name)),
					 errdetail("It has no down script."),
					 errhint("migrate.rollback(force => true) records it as undone without running anything.")));
	}
}

static bool
exists_already(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_DUPLICATE_TABLE ||
		sqlerrcode == ERRCODE_DUPLICATE_COLUMN ||
		sqlerrcode == ERRCODE_DUPLICATE_OBJECT ||
		sqlerrcode == ERRCODE_DUPLICATE_SCHEMA ||
		sqlerrcode == ERRCODE_DUPLICATE_FUNCTION;
}

/*
 * Execute a script in a subtransaction.  If what it creates exists already,
 * undo it and return false.
 */
static bool
execute_unless_existing(const MigrateStep *step, const char *sql, MigratePlace *place)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool executed = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		migrate_execute_script(step->script, sql, place);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (!exists_already(error->sqlerrcode))
			ReThrowError(error);
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("migration \"%s\" is recorded as applied without having run: %s",
						migrate_label(place->version, place->name), error->message)));
		FreeErrorData(error);
		executed = false;
	}
	PG_END_TRY();
	return executed;
}

static void
record_up(Run *run, const MigrateStep *step, const char *outcome,
		  const MigrateResult *result, TimestampTz started, const char *up)
{
	char	   *down = NULL;

	if (step->file != NULL && step->file->down.present)
		down = migrate_source_text(run->source, &step->file->down);
	migrate_history_record_up(run->request, step, outcome, result, started, up, down);
}

/*
 * Execute a stored script, of a role that may have less power than the session:
 * then core is told to refuse any change of the role, as in a function that is
 * SECURITY DEFINER.
 */
static void
execute_stored(const MigrateStep *step, const char *sql, MigratePlace *place)
{
	const AppliedMigration *applied = step->applied;
	const char *author = step->direction == MIGRATE_UP ? applied->up_role : applied->down_role;
	Oid			user;
	int			security;

	if (superuser_arg(get_role_oid(author, true)) || !has_power_in_reserve())
	{
		migrate_execute_script(step->script, sql, place);
		return;
	}
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(user, security | SECURITY_LOCAL_USERID_CHANGE);
	PG_TRY();
	{
		migrate_execute_script(step->script, sql, place);
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(user, security);
	}
	PG_END_TRY();
}

/*
 * Run and record one step.
 */
static void
run_step(Run *run, MigrateStep *step, MigrateResult *result)
{
	MigratePlace place;
	ErrorContextCallback callback;
	TimestampTz started = GetCurrentTimestamp();
	instr_time	start;
	instr_time	end;
	bool		executed = !step->forced;
	char	   *sql = NULL;

	INSTR_TIME_SET_CURRENT(start);
	init_place(&place, &callback, step->direction, step->file, step->applied);
	if (!step->forced)
		sql = step_text(run, step);

	if (step->forced)
		 /* nothing to run */ ;
	else if (run->request->adopt_existing && step->direction == MIGRATE_UP)
		executed = execute_unless_existing(step, sql, &place);
	else if (step->file == NULL)
		execute_stored(step, sql, &place);
	else
		migrate_execute_script(step->script, sql, &place);
	end_place(&callback);

	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	result->duration = INSTR_TIME_GET_MICROSEC(end);
	result->statements = executed ? step->script->nstatements : 0;
	if (step->direction == MIGRATE_DOWN)
		migrate_history_record_down(run->request, step, result, started);
	else
		record_up(run, step, executed ? "done" : "adopted", result, started, sql);
}

/*
 * Run checked steps in order.  Returns a list of MigrateResult.
 */
static List *
run_steps(Run *run, List *steps)
{
	List	   *results = NIL;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate step",
												  ALLOCSET_DEFAULT_SIZES);
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		MigrateResult *result = palloc0(sizeof(MigrateResult));
		MemoryContext old = MemoryContextSwitchTo(context);

		if (step->direction == MIGRATE_UP && run->batch == 0)
			run->batch = migrate_history_next_batch(run->request);
		result->version = step->file ? step->file->version : step->applied->version;
		result->name = step->file ? step->file->name : step->applied->name;
		result->batch = step->direction == MIGRATE_UP ? run->batch : step->applied->batch;
		run_step(run, step, result);
		migrate_report_done(step, result, list_length(results) + 1, list_length(steps));
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
		results = lappend(results, result);
	}
	MemoryContextDelete(context);
	return results;
}

/*
 * Take over the down sections that have been changed in applied files: a
 * repaired way back is worth more than the old one.
 */
static void
replace_downs(Run *run, List *items)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);
		char	   *error;
		bool		reversible = is_reversible(run, item->file, &error);

		warn_down(error);
		migrate_history_replace(run->request, item, NULL,
								migrate_source_text(run->source, &item->file->down),
								reversible, error);
		ereport(NOTICE,
				(errmsg("down script of migration \"%s\" has changed and is stored anew",
						migrate_label(item->file->version, item->file->name))));
	}
}

/*
 * The items whose stored down script apply() replaces.  A file that has lost
 * its down section leaves the stored one alone.
 */
static List *
changed_downs(List *items)
{
	List	   *changed = NIL;
	ListCell   *lc;

	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);

		if (item->state == STATE_APPLIED && item->down_changed && item->file->down.present)
			changed = lappend(changed, item);
	}
	return changed;
}

static void
report_ignored(Run *run)
{
	StringInfoData names;
	ListCell   *lc;
	MigrationSet *set = migrate_source_set(run->source);

	if (set->ignored == NIL)
		return;
	initStringInfo(&names);
	foreach(lc, set->ignored)
		appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "", (char *) lfirst(lc));
	ereport(NOTICE,
			(errmsg_plural("file is not a migration and is left alone: %s",
						   "files are not migrations and are left alone: %s",
						   list_length(set->ignored), names.data)));
}

/*
 * Set the search_path of a tenant for the rest of the run.  It ends with the
 * GUC nest level of run_guarded().
 */
static void
enter_schema(const char *schema)
{
	if (*schema == '\0')
		return;
	(void) get_namespace_oid(schema, false);
	(void) set_config_option("search_path", quote_identifier(schema), PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

static const char *
directory_or_setting(const MigrateRequest *request)
{
	if (request->dir != NULL)
		return request->dir;
	return migrate_directory[0] == '\0' ? NULL : migrate_directory;
}

static void
read_source(Run *run, const char *dir)
{
	if (dir != NULL)
		run->source = migrate_source_read(dir, run->request->format);
}

static void
require_source(Run *run)
{
	const char *dir = directory_or_setting(run->request);

	if (dir == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no directory of migrations is given"),
				 errhint("Give its path, or set \"%s\".", "migrate.directory")));
	read_source(run, dir);
}

static List *
apply(Run *run)
{
	List	   *steps;
	List	   *downs;

	require_source(run);
	report_ignored(run);
	look(run);
	judge_changes(run);
	steps = migrate_plan_apply(run->items, run->request);
	downs = changed_downs(run->items);
	if (steps == NIL && downs == NIL)
		return NIL;
	if (!lock_and_look(run, "migrate.apply()"))
	{
		steps = migrate_plan_apply(run->items, run->request);
		downs = changed_downs(run->items);
	}
	enter_schema(run->request->schema);
	check_up_steps(run, steps, false);
	replace_downs(run, downs);
	return run_steps(run, steps);
}

static List *
rollback(Run *run)
{
	List	   *steps;

	read_source(run, run->request->dir);
	look(run);
	steps = migrate_plan_rollback(run->items, run->applied, run->request);
	if (steps == NIL)
		return NIL;
	if (!lock_and_look(run, "migrate.rollback()"))
		steps = migrate_plan_rollback(run->items, run->applied, run->request);
	enter_schema(run->request->schema);
	check_down_steps(run, steps);
	return run_steps(run, steps);
}

/*
 * Undo the last migration, or all of them, and apply again.  With a directory,
 * a refresh applies all that is in it.
 */
static List *
reapply(Run *run)
{
	bool		everything = run->request->everything;
	List	   *downs;
	List	   *ups;

	read_source(run, directory_or_setting(run->request));
	look(run);
	if (run->applied == NIL && !(everything && run->source != NULL))
		return NIL;
	(void) lock_and_look(run, everything ? "migrate.refresh()" : "migrate.redo()");
	downs = migrate_plan_rollback(run->items, run->applied, run->request);
	ups = everything && run->source != NULL ? migrate_plan_all(run->items) :
		migrate_plan_reapply(run->items, downs);
	enter_schema(run->request->schema);
	check_down_steps(run, downs);
	check_up_steps(run, ups, true);
	(void) run_steps(run, downs);
	return run_steps(run, ups);
}

static MigrateRepair *
repair_item(Run *run, MigrateItem *item)
{
	MigrateRepair *repair = palloc0(sizeof(MigrateRepair));
	const Migration *file = item->file;
	char	   *up = NULL;
	char	   *down = NULL;
	char	   *error;
	bool		reversible;

	if (item->up_changed)
		up = migrate_source_text(run->source, &file->up);
	if (item->down_changed && file->down.present)
		down = migrate_source_text(run->source, &file->down);
	reversible = is_reversible(run, file, &error);
	warn_down(error);
	migrate_history_replace(run->request, item, up, down, reversible, error);
	repair->version = file->version;
	repair->name = file->name;
	repair->action = item->up_changed && item->down_changed ? "up and down script replaced" :
		item->up_changed ? "up script replaced" : "down script replaced";
	return repair;
}

static List *
repair(Run *run)
{
	List	   *repairs = NIL;
	bool		needed = false;
	ListCell   *lc;

	require_source(run);
	look(run);
	judge_changes(run);
	foreach(lc, run->items)
		needed |= ((MigrateItem *) lfirst(lc))->up_changed || ((MigrateItem *) lfirst(lc))->down_changed;
	if (!needed)
		return NIL;
	(void) lock_and_look(run, "migrate.repair()");
	foreach(lc, run->items)
	{
		MigrateItem *item = lfirst(lc);

		if (item->up_changed || item->down_changed)
			repairs = lappend(repairs, repair_item(run, item));
	}
	return repairs;
}

/*
 * Run one of the above.  Nothing that it changes in the session outlives it:
 * not its settings, nor the flag that a run is going on.
 */
static List *
run_guarded(MigrateRequest *request, List *(*body) (Run *run))
{
	Run			run = {.request = request};
	List	   *volatile results = NIL;
	int			guc_level;

	if (running)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a migration cannot run migrations")));
	guc_level = NewGUCNestLevel();
	running = true;
	PG_TRY();
	{
		results = body(&run);
	}
	PG_FINALLY();
	{
		running = false;
		migrate_report_activity_end();
	}
	PG_END_TRY();
	AtEOXact_GUC(false, guc_level);
	return results;
}

/*
 * The runs.  They return a list of MigrateResult, one for each migration that
 * ran, in that order.  Errors leave everything to the abort of the caller's
 * transaction.
 */
List *
migrate_run_apply(MigrateRequest *request)
{
	return run_guarded(request, apply);
}

List *
migrate_run_rollback(MigrateRequest *request)
{
	return run_guarded(request, rollback);
}

/*
 * Undo and apply again the last applied migration; returns what went up.
 */
List *
migrate_run_redo(MigrateRequest *request)
{
	request->steps = 1;
	return run_guarded(request, reapply);
}

/*
 * Undo and apply again all; returns what went up.
 */
List *
migrate_run_refresh(MigrateRequest *request)
{
	request->everything = true;
	return run_guarded(request, reapply);
}

/*
 * Accept changed files of applied migrations.  Returns a list of
 * MigrateRepair.
 */
List *
migrate_run_repair(MigrateRequest *request)
{
	return run_guarded(request, repair);
}

static void
add_detail(MigrateItem *item, const char *detail)
{
	if (detail == NULL)
		return;
	item->detail = item->detail ? psprintf("%s; %s", item->detail, detail) : pstrdup(detail);
}

/*
 * What there is to say about an item, for status().
 */
static void
describe(Run *run, MigrateItem *item)
{
	const char *created = item->file ? item->file->created : item->applied->created;

	if (item->applied == NULL)
	{
		char	   *error;

		item->reversible = is_reversible(run, item->file, &error);
		add_detail(item, error);
	}
	else
	{
		item->reversible = item->applied->reversible;
		if (item->up_changed)
			add_detail(item, "up section has changed since it was applied");
		if (item->down_changed)
			add_detail(item, "down section has changed since it was stored");
		add_detail(item, item->applied->down_error);
	}
	if (created != NULL)
		add_detail(item, psprintf("created %s", created));
}

/*
 * Every migration of directory and history, as a list of MigrateItem in order;
 * without a directory, those of the history alone.  Changes nothing.
 */
List *
migrate_run_status(MigrateRequest *request)
{
	Run			run = {.request = request};
	ListCell   *lc;

	read_source(&run, directory_or_setting(request));
	look(&run);
	judge_changes(&run);
	foreach(lc, run.items)
	{
		MigrateItem *item = lfirst(lc);

		if (run.source == NULL)
			item->state = STATE_APPLIED;	/* there is nothing to miss it in */
		describe(&run, item);
	}
	return run.items;
}

/*
 * The highest applied version, NULL if none is.
 */
const char *
migrate_run_version(MigrateRequest *request)
{
	const AppliedMigration *highest = NULL;
	ListCell   *lc;

	foreach(lc, migrate_history_read(request, true))
	{
		const AppliedMigration *row = lfirst(lc);

		if (highest == NULL || strcmp(row->sort_key, highest->sort_key) > 0)
			highest = row;
	}
	return highest ? highest->version : NULL;
}
