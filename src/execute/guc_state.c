/*-------------------------------------------------------------------------
 *
 * guc_state.c
 *		Restores the settings that a migration changes.
 *
 * The end of a GUC nest level restores every setting that was changed in it.
 * Between the transactions of one migration that is too much: SET must stay in
 * effect, and only SET LOCAL ends.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/guc_state.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"

#include "execute/execute.h"
#include "execute/execute_int.h"
#include "util/compat.h"
#include "util/printable.h"

/*
 * A setting of the session, to be set again with the context and role with which it
 * was set, which may have had more privileges than the current role.
 */
typedef struct SavedSetting
{
	char	   *name;
	char	   *value;
	GucContext	context;
	Oid			role;
	bool		is_placeholder; /* of a module that is not loaded */
} SavedSetting;

/*
 * A value that SET LOCAL hides, as text.
 */
static char *
masked_value(struct config_generic *setting)
{
	union config_var_val *masked = &setting->stack->masked.val;

	switch (setting->vartype)
	{
		case PGC_BOOL:
			return pstrdup(masked->boolval ? "on" : "off");
		case PGC_INT:
			return psprintf("%d", masked->intval);
		case PGC_REAL:
			return psprintf("%.17g", masked->realval);
		case PGC_ENUM:
			return pstrdup(config_enum_lookup_by_value((struct config_enum *) setting,
													   masked->enumval));
		case PGC_STRING:
			return masked->stringval ? pstrdup(masked->stringval) : NULL;
	}
	return NULL;				/* keep compiler quiet */
}

/*
 * A setting's value as text that gives it back exactly; GetConfigOption() cuts
 * real numbers short.  NULL, on 15, for a string that has been reset to nothing,
 * which is also what gives it back.
 */
static char *
current_value(struct config_generic *setting)
{
	const char *value;

	if (setting->vartype == PGC_REAL)
		return psprintf("%.17g", *((struct config_real *) setting)->variable);
	value = GetConfigOption(setting->name, false, false);
	return value ? pstrdup(value) : NULL;
}

/*
 * A setting with its present value, palloc'd.
 */
static SavedSetting *
new_saved_setting(struct config_generic *setting)
{
	SavedSetting *saved = palloc(sizeof(SavedSetting));

	saved->name = pstrdup(setting->name);
	saved->value = current_value(setting);
	saved->context = setting->scontext;
	saved->role = setting->srole;
	saved->is_placeholder = (setting->flags & GUC_CUSTOM_PLACEHOLDER) != 0;
	return saved;
}

/*
 * Make a setting again; what refuses that is reported with "elevel".
 */
static void
make_again(const SavedSetting *saved, int elevel)
{
	(void) set_config_option_ext(saved->name, saved->value, saved->context, PGC_S_SESSION,
								 saved->role, GUC_ACTION_SET, true, elevel, false);
}

/*
 * Is it a property of the transaction, and not of the session?
 */
static bool
ends_with_transaction(const struct config_generic *setting)
{
	return strcmp(setting->name, "transaction_isolation") == 0 ||
		strcmp(setting->name, "transaction_read_only") == 0 ||
		strcmp(setting->name, "transaction_deferrable") == 0;
}

/*
 * The value of a setting after the transaction that "guc_level" represents, or NULL
 * if it had that value before.
 */
static SavedSetting *
save_setting(struct config_generic *setting, int guc_level)
{
	SavedSetting *saved;

	if (ends_with_transaction(setting) || setting->stack == NULL || setting->stack->nest_level != guc_level ||
		(setting->stack->state != GUC_SET && setting->stack->state != GUC_SET_LOCAL))
		return NULL;
	saved = new_saved_setting(setting);
	if (setting->stack->state == GUC_SET_LOCAL)
	{
		saved->value = masked_value(setting);
		saved->context = setting->stack->masked_scontext;
		saved->role = setting->stack->masked_srole;
	}
	return saved;
}

/*
 * End a GUC nest level as the end of a transaction would: the outer level keeps the
 * effect of SET, but not of SET LOCAL.
 *
 * AtEOXact_GUC(true) by itself would keep SET LOCAL as well, as it does after a
 * subtransaction.
 *
 * Follows core's GUC stack (guc.c): what AtEOXact_GUC() does with each of its states.
 */
void
migrate_settings_end_transaction(int guc_level)
{
	int			count;
	struct config_generic **settings = migrate_guc_variables(&count);
	List	   *saved = NIL;
	ListCell   *lc;

	for (int i = 0; i < count; i++)
	{
		SavedSetting *setting = save_setting(settings[i], guc_level);

		if (setting == NULL)
			continue;
		/* it resets the role, so it comes first */
		if (strcmp(setting->name, "session_authorization") == 0)
			saved = lcons(setting, saved);
		else
			saved = lappend(saved, setting);
	}
	AtEOXact_GUC(false, guc_level);
	foreach(lc, saved)
	{
		SavedSetting *setting = lfirst(lc);

		make_again(setting, 0);
	}
}

/*
 * May a setting be restored?  The others are internal to core, or belong to a
 * transaction.
 */
static bool
is_restorable(const struct config_generic *setting)
{
	return setting->context != PGC_INTERNAL && setting->context != PGC_POSTMASTER &&
		!ends_with_transaction(setting);
}

/*
 * The settings that the session has made by SET, for migrate_settings_restore();
 * palloc'd.  A migration that commits cannot rely on a GUC nest level.
 */
List *
migrate_settings_save(void)
{
	int			count;
	struct config_generic **settings = migrate_guc_variables(&count);
	List	   *saved = NIL;

	for (int i = 0; i < count; i++)
	{
		if (settings[i]->source == PGC_S_SESSION && is_restorable(settings[i]))
			saved = lappend(saved, new_saved_setting(settings[i]));
	}
	return saved;
}

static void
restore_setting(struct config_generic *setting, List *saved)
{
	const SavedSetting *before = NULL;
	const char *current;
	ListCell   *lc;

	foreach(lc, saved)
	{
		if (strcmp(((SavedSetting *) lfirst(lc))->name, setting->name) == 0)
			before = lfirst(lc);
	}

	/* when its module was loaded, core decided whether the value counts */
	if (before != NULL && before->is_placeholder && (setting->flags & GUC_CUSTOM_PLACEHOLDER) == 0)
		return;
	current = setting->source == PGC_S_SESSION ? current_value(setting) : NULL;
	if (before != NULL && before->value != NULL)
	{
		if (current == NULL || strcmp(before->value, current) != 0)
			make_again(before, WARNING);
		return;
	}
	if (setting->source != PGC_S_SESSION)
		return;

	/*
	 * RESET, to a value that is not the caller's; it restores the source as
	 * well
	 */
	(void) set_config_option(setting->name, NULL, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SET, true, WARNING, false);
}

/*
 * Restore the session's settings to "saved".  This lasts only if the current
 * transaction commits.
 */
void
migrate_settings_restore(List *saved)
{
	static const char *const first[] = {"session_authorization", "role"};
	int			count;
	struct config_generic **settings = migrate_guc_variables(&count);

	/* one changes what the next one may do */
	for (int k = 0; k < lengthof(first); k++)
		for (int i = 0; i < count; i++)
			if (strcmp(settings[i]->name, first[k]) == 0)
				restore_setting(settings[i], saved);
	for (int i = 0; i < count; i++)
		if (is_restorable(settings[i]) && strcmp(settings[i]->name, first[0]) != 0 &&
			strcmp(settings[i]->name, first[1]) != 0)
			restore_setting(settings[i], saved);
}

/*
 * What has to end with the current transaction.  Deferred triggers and cursors WITH
 * HOLD run at its commit, and must run with the role and the settings of their
 * migration.  So these are restored after that, at the last moment when the
 * transaction can still change them.
 */
static int	level_to_end = 0;	/* a GUC nest level, 0 for none */

static bool restores = false;

static List *to_restore;

static void
end_settings(XactEvent event, void *arg)
{
	int			level = level_to_end;

	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			level_to_end = 0;
			if (level > 0)
				AtEOXact_GUC(false, level);
			if (restores)
				migrate_settings_restore(to_restore);
			restores = false;
			break;
		case XACT_EVENT_ABORT:
			level_to_end = 0;
			restores = false;
			break;
		default:
			break;
	}
}

static void
register_end(void)
{
	static bool registered = false;

	if (registered)
		return;
	RegisterXactCallback(end_settings, NULL);
	registered = true;
}

/*
 * End a GUC nest level at the end of the current transaction, which the caller is
 * about to commit.
 */
void
migrate_settings_end_at_commit(int guc_level)
{
	register_end();
	level_to_end = guc_level;
}

/*
 * Restore the session's settings to "saved" at the end of the current transaction,
 * which the caller is about to commit.  "saved" must live until then.
 */
void
migrate_settings_restore_at_commit(List *saved)
{
	register_end();
	restores = true;
	to_restore = saved;
}

/*
 * Is a setting given to a process that runs a statement for this session?  What
 * modules define only if somebody has set it: the process may not have loaded them.
 */
static bool
is_given(const struct config_generic *setting)
{
	if (setting->context != PGC_USERSET && setting->context != PGC_SUSET)
		return false;
	if (setting->group == CUSTOM_OPTIONS && setting->source <= PGC_S_ARGV)
		return false;
	return !ends_with_transaction(setting) && strcmp(setting->name, "session_authorization") != 0 &&
		strcmp(setting->name, "role") != 0 && strcmp(setting->name, "client_encoding") != 0;
}

/*
 * The settings of the session as bytes in *buf, for migrate_settings_apply().  All of
 * them: what has been changed by ALTER ROLE or ALTER DATABASE since it began would be in
 * force in a new process.
 */
void
migrate_settings_serialize(StringInfo buf)
{
	int			count;
	struct config_generic **settings = migrate_guc_variables(&count);

	initStringInfo(buf);
	for (int i = 0; i < count; i++)
	{
		SavedSetting *saved;

		if (!is_given(settings[i]))
			continue;
		saved = new_saved_setting(settings[i]);
		if (saved->value == NULL)
			continue;
		appendBinaryStringInfo(buf, saved->name, strlen(saved->name) + 1);
		appendBinaryStringInfo(buf, saved->value, strlen(saved->value) + 1);
		appendBinaryStringInfo(buf, (char *) &saved->context, sizeof(saved->context));
		appendBinaryStringInfo(buf, (char *) &saved->role, sizeof(saved->role));
	}
	appendStringInfoChar(buf, '\0');
}

static struct config_generic *
find_setting(const char *name)
{
	int			count;
	struct config_generic **settings = migrate_guc_variables(&count);

	for (int i = 0; i < count; i++)
		if (strcmp(settings[i]->name, name) == 0)
			return settings[i];
	return NULL;
}

/*
 * 42501 if the value of a setting is one of a role without the privileges of the current
 * one, which that role could not give it otherwise: the caller of a SECURITY DEFINER
 * function.  What is in force for all of the database does not come from there.
 */
void
migrate_setting_require_own(const char *name)
{
	const struct config_generic *setting = find_setting(name);
	Oid			role;

	if (setting == NULL || setting->source <= PGC_S_DATABASE)
		return;
	role = setting->source == PGC_S_SESSION ? setting->srole : GetAuthenticatedUserId();
	if (!has_privs_of_role(role, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to use setting \"%s\" of another role", name),
				 errdetail("The caller of a SECURITY DEFINER function has set it."),
				 errhint("Set it for that function, with ALTER FUNCTION ... SET %s.", name)));
}

/*
 * Set what differs from the settings of the session that has serialized them, as that
 * session did.  An error if that is refused.
 */
void
migrate_settings_apply(const char *data)
{
	while (*data != '\0')
	{
		SavedSetting saved = {0};
		struct config_generic *setting;
		const char *current;

		saved.name = pstrdup(data);
		data += strlen(data) + 1;
		saved.value = pstrdup(data);
		data += strlen(data) + 1;
		memcpy(&saved.context, data, sizeof(saved.context));
		data += sizeof(saved.context);
		memcpy(&saved.role, data, sizeof(saved.role));
		data += sizeof(saved.role);

		setting = find_setting(saved.name);
		current = setting == NULL ? NULL : current_value(setting);
		if (current == NULL || strcmp(current, saved.value) != 0)
			make_again(&saved, ERROR);
	}
}
