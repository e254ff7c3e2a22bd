/*-------------------------------------------------------------------------
 *
 * variables.c
 *		Puts the values of variables into the text of a migration.
 *
 * Each syntax finds its references as its tool does, so that a file means here what
 * it means there.  A value that has line ends shifts the lines that are reported
 * for the text after it.
 *
 * Nothing here does I/O or reads a catalog; the caller has checked who may use
 * which value.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/variables/variables.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/string.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "util/errcontext.h"
#include "util/names.h"
#include "util/printable.h"
#include "variables/variables.h"
#include "variables/variables_int.h"

static const char *const syntax_names[] = {
	[SYNTAX_PSQL] = "psql",
	[SYNTAX_GOOSE] = "goose",
	[SYNTAX_GOOSE_ON] = "goose on",
	[SYNTAX_FLYWAY] = "flyway",
	[SYNTAX_LIQUIBASE] = "liquibase",
	[SYNTAX_GRAPHILE] = "graphile",
	[SYNTAX_TERN] = "tern",
	[SYNTAX_NONE] = "none",
};

/*
 * The name that a syntax is recorded under.  One with a prefix of its own has that, and
 * the suffix, after its length: "flyway 2 #[]".
 */
const char *
migrate_syntax_name(MigrateSyntax syntax)
{
	if (syntax.prefix == NULL || syntax.kind == SYNTAX_NONE)
		return syntax_names[syntax.kind];
	return psprintf("%s %d %s%s", syntax_names[syntax.kind], (int) strlen(syntax.prefix), syntax.prefix,
					syntax.suffix);
}

/*
 * Fill in the prefix and the suffix of a syntax from what follows its name; false if that
 * is something else.
 */
static bool
read_delimiters(MigrateSyntax *syntax, const char *str)
{
	char	   *end;
	int			n = strtoint(str, &end, 10);

	if (end == str || *end != ' ' || n < 1 || n >= strlen(end + 1))
		return false;
	syntax->prefix = pnstrdup(end + 1, n);
	syntax->suffix = pstrdup(end + 1 + n);
	return true;
}

/*
 * The syntax of that name, of "length" bytes; XX000 for an unknown one.
 */
MigrateSyntax
migrate_syntax_named(const char *name, int length)
{
	const char *space = memchr(name, ' ', length);

	for (int i = 0; i < lengthof(syntax_names); i++)
	{
		MigrateSyntax syntax = {.kind = (MigrateSyntaxKind) i};
		int			n = strlen(syntax_names[i]);

		if (n == length && memcmp(syntax_names[i], name, length) == 0)
			return syntax;
		if (i == SYNTAX_FLYWAY && space == name + n && memcmp(syntax_names[i], name, n) == 0 &&
			read_delimiters(&syntax, pnstrdup(space + 1, length - n - 1)))
			return syntax;
	}
	elog(ERROR, "unrecognized syntax of variables: \"%.*s\"", length, name);
}

static void
substitute(MigrateSubstitution *s, MigrateSyntax syntax)
{
	switch (syntax.kind)
	{
		case SYNTAX_PSQL:
			migrate_substitute_psql(s);
			break;
		case SYNTAX_GOOSE:
		case SYNTAX_GOOSE_ON:
			if (strchr(s->sql, '$') != NULL)
				migrate_substitute_goose(s, syntax.kind == SYNTAX_GOOSE_ON);
			break;
		case SYNTAX_FLYWAY:
		case SYNTAX_LIQUIBASE:
			migrate_substitute_flyway(s, syntax);
			break;
		case SYNTAX_GRAPHILE:
			migrate_substitute_graphile(s);
			break;
		case SYNTAX_TERN:
			migrate_substitute_tern(s);
			break;
		case SYNTAX_NONE:
			break;
	}
}

/*
 * The result of a substitution, or the original text if nothing was replaced.
 */
static char *
result_of(MigrateSubstitution *s)
{
	if (s->copied == NULL)
		return unconstify(char *, s->sql);
	appendStringInfoString(&s->result, s->copied);
	return s->result.data;
}

/*
 * The text with the values of variables put in: "sql" itself if there is nothing to
 * substitute, otherwise palloc'd.
 *
 * "line" is that of its first byte in the file.  The first variable of "sets"
 * (MigrateVariableSet) that has a name counts.  *used becomes a list of those
 * (MigrateVariable) that were substituted, pointers into the sets, without those that
 * are built in.  Errors,
 * with errctx->line set: 42704 for a variable without a value, 42501 for a value
 * that is forbidden, 42601 for what looks like a reference but is not one.
 */
char *
migrate_substitute(MigrateSyntax syntax, const char *sql, int line, List *sets,
				   List **used, MigrateErrorContext *errctx)
{
	MigrateSubstitution s = {.sql = sql,.first_line = line,.sets = sets,.errctx = errctx};
	ListCell   *lc;

	if (syntax.kind == SYNTAX_PSQL)
	{
		migrate_substitute_river(&s);
		s.sql = result_of(&s);
		s.copied = NULL;
	}
	substitute(&s, syntax);
	*used = NIL;
	foreach(lc, s.used)
	{
		if (((MigrateVariable *) lfirst(lc))->origin != VARIABLE_BUILT_IN)
			*used = lappend(*used, lfirst(lc));
	}
	return result_of(&s);
}

/*
 * Does the text refer to any variable?
 */
bool
migrate_has_variables(MigrateSyntax syntax, const char *sql)
{
	MigrateSubstitution s = {.sql = sql,.lenient = true};

	if (syntax.kind == SYNTAX_PSQL)
		migrate_substitute_river(&s);
	substitute(&s, syntax);
	return s.found;
}

/*
 * Has one of these variables this origin?
 */
bool
migrate_variables_come_from(List *vars, MigrateOrigin origin)
{
	ListCell   *lc;

	foreach(lc, vars)
	{
		if (((MigrateVariable *) lfirst(lc))->origin == origin)
			return true;
	}
	return false;
}

/*
 * A name without the colon that graphile-migrate writes before it.
 */
static char *
variable_name(const JsonbValue *key)
{
	const char *name = key->val.string.val;
	int			n = key->val.string.len;

	return n > 1 && *name == ':' ? pnstrdup(name + 1, n - 1) : pnstrdup(name, n);
}

/*
 * The text of a scalar, NULL for null; 22023 for what has no single one.
 */
static char *
variable_value(const char *name, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return NULL;
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value of variable \"%s\" must be a string, a number or a boolean",
							name)));
	}
}

/*
 * Add a variable, unless its value is null; 22023 if "names" already has one of
 * that name.
 */
static List *
add_variable(List *vars, MigrateNames *names, const char *name, const char *value,
			 MigrateOrigin origin)
{
	MigrateVariable *var;

	if (migrate_names_have(names, name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("variable \"%s\" is given twice", name)));
	if (value == NULL)
		return vars;
	(void) migrate_names_add(names, name, NULL);
	var = palloc0(sizeof(MigrateVariable));
	var->name = name;
	var->value = value;
	var->origin = origin;
	return lappend(vars, var);
}

/*
 * Variables (MigrateVariable) from a JSON object of scalars; 22023 if it is
 * something else.  All is palloc'd, nothing points into it.
 */
List *
migrate_variables_read(Datum object, MigrateOrigin origin)
{
	Jsonb	   *jsonb = DatumGetJsonbP(object);
	List	   *vars = NIL;
	MigrateNames *names = migrate_names_create();
	JsonbIterator *iterator = JsonbIteratorInit(&jsonb->root);
	JsonbIteratorToken token;
	JsonbValue	item;

	if (!JB_ROOT_IS_OBJECT(jsonb))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be a JSON object", "vars"),
				 errhint("For example: '{\"name\": \"value\"}'.")));
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		char	   *name;

		CHECK_FOR_INTERRUPTS();
		if (token != WJB_KEY)
			continue;
		name = variable_name(&item);
		(void) JsonbIteratorNext(&iterator, &item, true);
		vars = add_variable(vars, names, name, variable_value(name, &item), origin);
	}
	return vars;
}

/*
 * The same the other way round, as text; NULL for none.
 */
char *
migrate_variables_write(List *vars)
{
	StringInfoData buf;
	ListCell   *lc;

	if (vars == NIL)
		return NULL;
	initStringInfo(&buf);
	foreach(lc, vars)
	{
		MigrateVariable *var = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		appendStringInfoChar(&buf, buf.len > 0 ? ',' : '{');
		escape_json(&buf, var->name);
		appendStringInfoChar(&buf, ':');
		escape_json(&buf, var->value);
	}
	appendStringInfoChar(&buf, '}');
	return buf.data;
}
