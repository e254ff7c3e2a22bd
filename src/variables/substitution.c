/*-------------------------------------------------------------------------
 *
 * substitution.c
 *		What the syntaxes of variables have in common: finding a value, putting it
 *		into the text, and refusing what has none.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/variables/substitution.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "util/line_map.h"
#include "util/lines.h"
#include "util/names.h"
#include "util/printable.h"
#include "variables/variables.h"
#include "variables/variables_int.h"

#define MAX_SHOWN_NAME	128
/* so often a list is searched, before a table is worth it */
#define MANY_SEARCHES	8

static void
set_line(MigrateSubstitution *s, const char *at)
{
	s->errctx->line = s->first_line + migrate_count_lines(s->sql, at - s->sql) - 1;
	if (migrate_find_text(s->sql, MIGRATE_LINE_MARKER) == NULL)
		return;
	s->errctx->str = s->sql;
	s->errctx->text_line = s->first_line;
	memset(&s->errctx->mapped, 0, sizeof(MigrateLines));
}

/*
 * Refuse a reference, which begins at "at", to a variable without a value: 42704.
 * "detail" may be NULL.  Returns if a text is only searched.
 */
void
migrate_refuse_undefined(MigrateSubstitution *s, const char *at, const char *name, int length,
						 const char *detail)
{
	if (s->lenient)
		return;
	set_line(s, at);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("variable \"%.*s\" has no value",
					pg_mbcliplen(name, length, MAX_SHOWN_NAME), name),
			 detail && *detail ? errdetail_internal("%s", detail) : 0,
			 s->errctx->direction == MIGRATE_DOWN ?
			 errhint("Give it one in \"vars\", which migrate.redo() and migrate.refresh() have.") :
			 errhint("Give it one in \"vars\".")));
}

/*
 * Refuse what looks like a reference but is not one: 42601.  "hint" may be NULL.
 * Returns if a text is only searched.
 */
void
migrate_refuse_reference(MigrateSubstitution *s, const char *at, const char *message, const char *hint)
{
	if (s->lenient)
		return;
	set_line(s, at);
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("%s", message),
			 hint ? errhint("%s", hint) : 0));
}

/*
 * Refuse a value that exists but must not be used.
 */
static void
refuse_value(MigrateSubstitution *s, const char *at, const MigrateVariable *var)
{
	set_line(s, at);
	if (var->origin == VARIABLE_FORBIDDEN)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to use the stored value of variable \"%s\" of role \"%s\"",
						var->name, var->author),
				 errhint("Log in as that role or use SET ROLE, or give a value in \"vars\" where there is such an argument.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("value of variable \"%s\" has characters that are not put into SQL", var->name),
			 errhint("Give it a value in \"vars\".")));
}

static bool
same_name(const char *name, const char *other, int length, bool fold)
{
	return strnlen(name, length + 1) == length &&
		(fold ? pg_strncasecmp(name, other, length) : strncmp(name, other, length)) == 0;
}

/*
 * A name as the table has it, palloc'd.
 */
static char *
table_name(const char *name, int length, bool fold)
{
	return fold ? migrate_fold_name(name, length) : pnstrdup(name, length);
}

/*
 * Add variables that are searched after those of "sets" (MigrateVariableSet), a list that
 * may be changed.
 */
List *
migrate_variable_sets_add(List *sets, List *vars)
{
	MigrateVariableSet *set;

	if (vars == NIL)
		return sets;
	set = palloc0(sizeof(MigrateVariableSet));
	set->vars = vars;
	return lappend(sets, set);
}

/*
 * The same for the first "count" variables of a set, which others may search for more or
 * fewer of them; "last_counts": of several of one name.  Their letter case matters.
 */
List *
migrate_variable_sets_add_first(List *sets, MigrateVariableSet *whole, int count, bool last_counts)
{
	MigrateVariableSet *set;

	if (count == 0)
		return sets;
	set = palloc0(sizeof(MigrateVariableSet));
	set->whole = whole;
	set->count = count;
	set->last_counts = last_counts;
	return lappend(sets, set);
}

/*
 * All variables of a set by name, in their order.
 */
static MigrateNames *
list_variables(MigrateVariableSet *whole)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(whole));
	MigrateNames *lists = migrate_names_create();
	ListCell   *lc;

	foreach(lc, whole->vars)
	{
		MigrateVariable *var = lfirst(lc);
		List	   *same = migrate_names_get(lists, var->name);

		CHECK_FOR_INTERRUPTS();
		if (same == NIL)
			(void) migrate_names_add(lists, var->name, list_make1(var));
		else
			same = lappend(same, var);	/* the same list, which grows */
		whole->longest = Max(whole->longest, (int) strlen(var->name));
	}
	MemoryContextSwitchTo(old);
	return lists;
}

/*
 * The variable of that name among the first ones of a set, or NULL.
 */
static MigrateVariable *
search_first(const MigrateVariableSet *set, const char *name, int length)
{
	MigrateVariableSet *whole = set->whole;
	char	   *copy;
	List	   *same;
	int			low = 0;
	int			high;

	if (whole->lists == NULL)
		whole->lists = list_variables(whole);
	if (length > whole->longest)
		return NULL;
	copy = pnstrdup(name, length);
	same = migrate_names_get(whole->lists, copy);
	pfree(copy);

	/* how many of them are among the first */
	high = list_length(same);
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (((MigrateVariable *) list_nth(same, middle))->number < set->count)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? NULL : list_nth(same, set->last_counts ? low - 1 : 0);
}

/*
 * All variables of a set by name, the first of several.  The table lives as long as the
 * set, which may be searched for many texts.
 */
static MigrateNames *
name_variables(MigrateVariableSet *set, bool fold)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(set));
	MigrateNames *names = migrate_names_create();
	ListCell   *lc;

	foreach(lc, set->vars)
	{
		MigrateVariable *var = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		(void) migrate_names_add(names, fold ? table_name(var->name, strlen(var->name), true) : var->name,
								 var);
		set->longest = Max(set->longest, strlen(var->name));
	}
	MemoryContextSwitchTo(old);
	return names;
}

/*
 * The same as search_list(), by name.
 */
static MigrateVariable *
search_names(MigrateVariableSet *set, const char *name, int length, bool fold)
{
	MigrateNames **names = fold ? &set->by_lower_name : &set->by_name;
	MigrateVariable *var;
	char	   *copy;

	if (*names == NULL)
		*names = name_variables(set, fold);
	if (length > set->longest)
		return NULL;			/* what looks like a name can be of any length */
	copy = table_name(name, length, fold);
	var = migrate_names_get(*names, copy);
	pfree(copy);
	return var;
}

static MigrateVariable *
search_list(List *vars, const char *name, int length, bool fold)
{
	ListCell   *lc;

	foreach(lc, vars)
	{
		MigrateVariable *var = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (same_name(var->name, name, length, fold))
			return var;
	}
	return NULL;
}

static MigrateVariable *
search(MigrateSubstitution *s, const char *name, int length, bool fold)
{
	ListCell   *lc;

	foreach(lc, s->sets)
	{
		MigrateVariableSet *set = lfirst(lc);
		bool		often = set->searches == MANY_SEARCHES;
		MigrateVariable *var = set->whole ? search_first(set, name, length) :
			often ? search_names(set, name, length, fold) :
			search_list(set->vars, name, length, fold);

		if (!often)
			set->searches++;
		if (var != NULL)
			return var;
	}
	return NULL;
}

static void
note_used(MigrateSubstitution *s, MigrateVariable *var)
{
	if (s->used_names == NULL)
		s->used_names = migrate_names_create();

	/* the first one of a name is the only one that is found, but for its case */
	if (migrate_names_add(s->used_names, var->name, var))
		s->used = lappend(s->used, var);
}

/*
 * The first variable of that name, whatever its letter case with "fold"; NULL if
 * there is none.  It is noted as used.  Errors: 42501 if its value is forbidden,
 * 22023 if it is not put into SQL.
 */
const MigrateVariable *
migrate_find_variable(MigrateSubstitution *s, const char *at, const char *name, int length, bool fold)
{
	MigrateVariable *var;

	s->found = true;
	var = search(s, name, length, fold);
	if (var == NULL || s->lenient)
		return NULL;
	if (var->origin == VARIABLE_FORBIDDEN || var->value == NULL)
		refuse_value(s, at, var);
	note_used(s, var);
	return var;
}

/*
 * Replace the text from "from" to "to" with "value".
 */
void
migrate_substitute_value(MigrateSubstitution *s, const char *from, const char *to, const char *value)
{
	if (s->copied == NULL)
	{
		initStringInfo(&s->result);
		s->copied = s->sql;
	}
	appendBinaryStringInfo(&s->result, s->copied, from - s->copied);
	appendStringInfoString(&s->result, value);
	s->copied = to;
}

/*
 * May a name of psql's or goose's have this character?
 */
bool
migrate_is_variable_char(char c)
{
	return isalnum((unsigned char) c) || c == '_' || IS_HIGHBIT_SET(c);
}
