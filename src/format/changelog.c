/*-------------------------------------------------------------------------
 *
 * changelog.c
 *		What the files of a Liquibase changelog share: properties, and changesets that
 *		others name.
 *
 * The rules are those of Liquibase 5.0, AbstractFormattedChangeLogParser.java and
 * ChangeLogParameters.java.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/changelog.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "format/attributes.h"
#include "format/changelog.h"
#include "format/contexts.h"
#include "format/doubt.h"
#include "format/format.h"
#include "util/hash.h"
#include "util/names.h"
#include "util/printable.h"
#include "variables/variables.h"

/* bytes of a value with those of properties */
#define MAX_VALUE	1000000
/* and of all values */
#define MAX_VALUES	(100 * 1024 * 1024)

/*
 * What the files of a directory share, before the first one is parsed.
 */
MigrateChangelog *
migrate_changelog_create(void)
{
	MigrateChangelog *changelog = palloc0(sizeof(MigrateChangelog));

	changelog->changesets = migrate_names_create();
	changelog->undecided_names = migrate_names_create();
	changelog->by_name = migrate_names_create();
	changelog->limit = -1;
	return changelog;
}

/*
 * The same for a file that is parsed after the others, as it was with the first "limit" of
 * the properties.  No digest comes of that.
 */
MigrateChangelog *
migrate_changelog_resume(const MigrateChangelog *others, int limit)
{
	MigrateChangelog *changelog = migrate_changelog_create();

	changelog->properties = others->properties;
	changelog->by_name = others->by_name;
	changelog->limit = limit;
	changelog->needs_all = true;
	return changelog;
}

/*
 * The next file begins, which has none of the properties that were the last one's only.
 */
void
migrate_changelog_next_file(MigrateChangelog *changelog)
{
	changelog->local_properties = NIL;
	changelog->local_by_name = NULL;
}

/*
 * The value of a property, NULL if it has none so far.
 */
static const char *
value_of(const MigrateChangelog *changelog, const char *name, int length)
{
	char	   *folded = migrate_fold_name(name, length);
	const MigrateVariable *property = migrate_names_get(changelog->by_name, folded);

	if (property != NULL && changelog->limit >= 0 && property->number >= changelog->limit)
		property = NULL;
	if (property == NULL && changelog->local_by_name != NULL)
		property = migrate_names_get(changelog->local_by_name, folded);
	pfree(folded);
	return property ? property->value : NULL;
}

/*
 * The value of an attribute, or NULL, with those of properties for ${name}.  A name
 * without a value stays as it is.  Errors: 54000 with file and line for a value of which
 * properties of properties make more than MAX_VALUE bytes, or MAX_VALUES with all others.
 */
char *
migrate_changelog_expand(MigrateChangelog *changelog, char *value, const char *file,
						 const MigrateLine *line)
{
	StringInfoData buf;
	const char *p = value;
	const char *reference;

	if (value == NULL || strstr(value, "${") == NULL)
		return value;
	initStringInfo(&buf);
	while ((reference = strstr(p, "${")) != NULL)
	{
		int			length = strcspn(reference + 2, "}");
		bool		is_complete = reference[2 + length] == '}';
		const char *found = is_complete ? value_of(changelog, reference + 2, length) : NULL;
		const char *next = reference + 2 + length + is_complete;

		CHECK_FOR_INTERRUPTS();
		appendBinaryStringInfo(&buf, p, reference - p);
		if (found != NULL)
			appendStringInfoString(&buf, found);
		else
			appendBinaryStringInfo(&buf, reference, next - reference);
		if (buf.len > MAX_VALUE)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("value is longer than %d bytes with the properties in it", MAX_VALUE),
					 errcontext("file \"%s\", line %d", file, line->number)));
		p = next;
	}
	appendStringInfoString(&buf, p);
	changelog->expanded += buf.len;
	if (changelog->expanded > MAX_VALUES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("values are longer than %d MB in all with the properties in them",
						MAX_VALUES / (1024 * 1024)),
				 errcontext("file \"%s\", line %d", file, line->number)));
	return buf.data;
}

/*
 * The value of an attribute of a property, which may have white space before it, palloc'd;
 * NULL if it has none.  Quotes are a part of it unless there is white space in them.
 */
static char *
property_attribute(const MigrateLine *line, const char *after, const char *key)
{
	const char *end = line->str + line->length;
	char	   *value = migrate_attribute(line, after, key);
	int			n = strlen(key);
	const char *p = after;

	if (value == NULL)
		return NULL;
	while (pg_strncasecmp(p, key, n) != 0 || p[n] != ':' || (p > line->str && strchr(" \t", p[-1]) == NULL))
		p++;
	p += n + 1;
	p += migrate_skip_spaces(p, end - p);
	if (p < end && *p == '"' && strpbrk(value, " \t") != NULL)
		return value;
	n = 0;
	while (p + n < end && strchr(" \t\r", p[n]) == NULL)
		n++;
	return n == 0 ? NULL : pnstrdup(p, n);
}

/*
 * Add a property to the hash of those of all files.
 */
static void
hash_property(MigrateChangelog *changelog, const MigrateVariable *property)
{
	uint8	   *hash = palloc(PG_SHA256_DIGEST_LENGTH);
	StringInfoData said;

	initStringInfo(&said);
	if (changelog->properties_hash != NULL)
		appendBinaryStringInfo(&said, (const char *) changelog->properties_hash, PG_SHA256_DIGEST_LENGTH);
	appendBinaryStringInfo(&said, property->name, strlen(property->name) + 1);
	appendStringInfoString(&said, property->value);
	migrate_sha256(said.data, said.len, hash);
	pfree(said.data);
	changelog->properties_hash = hash;
}

/*
 * Add a property with a value: of all files from here on, of which the first of a name
 * counts, or of this one, of which the last does.
 */
static void
add_property(MigrateChangelog *changelog, MigrateVariable *variable, bool is_global)
{
	char	   *folded = migrate_fold_name(variable->name, strlen(variable->name));

	if (is_global)
	{
		variable->number = list_length(changelog->properties);
		changelog->properties = lappend(changelog->properties, variable);
		hash_property(changelog, variable);
		(void) migrate_names_add(changelog->by_name, folded, variable);
		return;
	}
	variable->number = list_length(changelog->local_properties);
	changelog->local_properties = lappend(changelog->local_properties, variable);
	if (changelog->local_by_name == NULL)
		changelog->local_by_name = migrate_names_create();
	migrate_names_remove(changelog->local_by_name, folded);
	(void) migrate_names_add(changelog->local_by_name, folded, variable);
}

/*
 * A property has its value only if a setting, which decides nothing, says so.
 */
static void
add_undecided(MigrateChangelog *changelog, const char *name, const char *setting)
{
	MigrateUndecided *undecided = palloc(sizeof(MigrateUndecided));

	undecided->name = name;
	undecided->setting = setting;
	undecided->number = list_length(changelog->undecided);
	changelog->undecided = lappend(changelog->undecided, undecided);
	(void) migrate_names_add(changelog->undecided_names, name, undecided);
	changelog->longest_undecided = Max(changelog->longest_undecided, (int) strlen(name));
}

/*
 * "--property name:x value:y": a value for ${x}, of which "rest" is what follows
 * "property".  Errors, with file and line: 42601, and those of migrate_changelog_expand().
 */
void
migrate_changelog_add_property(MigrateChangelog *changelog, const char *file,
							   const MigrateLine *line, const char *rest)
{
	MigrateVariable *variable = palloc0(sizeof(MigrateVariable));
	char	   *contexts = migrate_attribute(line, rest, "contextFilter");
	char	   *labels = migrate_attribute(line, rest, "labels");
	const char *setting;
	const char *error;
	MigrateChoice choice;

	changelog->last_file = file;
	if (contexts == NULL)
		contexts = migrate_attribute(line, rest, "context");
	variable->name = migrate_changelog_expand(changelog, property_attribute(line, rest, "name"), file, line);
	variable->value = migrate_changelog_expand(changelog, property_attribute(line, rest, "value"), file, line);
	variable->origin = VARIABLE_GIVEN;
	if (variable->name == NULL || variable->value == NULL)
		migrate_bad_file(file, line->number, "property has no name or no value", NULL);
	contexts = migrate_changelog_expand(changelog, contexts, file, line);
	labels = migrate_changelog_expand(changelog, labels, file, line);
	if ((error = migrate_contexts_error(contexts)) != NULL ||
		(error = migrate_contexts_error(labels)) != NULL)
		migrate_bad_file(file, line->number,
						 psprintf("contexts or labels of the property cannot be read: %s", error), NULL);
	if (!migrate_dbms_is_ours(migrate_changelog_expand(changelog, migrate_attribute(line, rest, "dbms"), file, line)))
		return;
	choice = migrate_choose_property(contexts, labels, &setting);
	if (choice == CHOICE_UNDECIDED)
		add_undecided(changelog, variable->name, setting);
	else if (choice == CHOICE_RUNS)
		add_property(changelog, variable,
					 migrate_attribute_is_true(migrate_attribute(line, rest, "global"), true));
}

/*
 * Has the file that was parsed last any properties?
 */
bool
migrate_changelog_has_properties_of(const MigrateChangelog *changelog, const char *file)
{
	return changelog->last_file != NULL && strcmp(changelog->last_file, file) == 0;
}

static char *
changeset_key(const char *path, const char *version)
{
	return psprintf("%s\n%s", path, version);
}

/*
 * Remember a changeset, which is complete: 42710 if there is one with the same path, author
 * and id already.  If that has not been parsed, or this one, all have to be, to say so.
 */
void
migrate_changelog_add(MigrateChangelog *changelog, Migration *migration)
{
	const char *path = migration->logical_path ? migration->logical_path : migration->file;
	char	   *key = changeset_key(path, migration->version);
	const Migration *other = migrate_names_get(changelog->changesets, key);

	if (other != NULL && (other->unread != NIL || migration->unread != NIL))
	{
		changelog->needs_all = true;
		return;
	}
	if (other != NULL && strcmp(other->file, migration->file) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("changeset \"%s\" is defined twice", migration->version),
				 errdetail("The other one is in line %d.", other->up.line - 1),
				 errhint("Give one of them another id."),
				 errcontext("file \"%s\", line %d", migration->file, migration->up.line - 1)));
	if (other != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("changeset \"%s\" is defined twice", migration->version),
				 errdetail("The other one, with the path \"%s\" too, is in file \"%s\", line %d.", path,
						   other->file, other->up.line - 1),
				 errhint("Give one of them another id."),
				 errcontext("file \"%s\", line %d", migration->file, migration->up.line - 1)));
	(void) migrate_names_add(changelog->changesets, key, migration);
	if (migration->logical_path != NULL)
		(void) migrate_names_add(changelog->changesets, changeset_key(migration->file, migration->version),
								 migration);
}

/*
 * Remember a changeset that is as it was recorded, whose file has not been parsed.
 */
void
migrate_known_changeset(MigrateChangelog *changelog, Migration *migration)
{
	const char *path = migrate_changeset_key_path(migration->sort_key);

	migration->shares_file = true;
	if (path != NULL)
	{
		migration->logical_path = pstrdup(path);
		migration->tags = list_make1(psprintf("%s:%s", path, migration->version));
	}
	migration->properties = changelog->properties;
	migration->nproperties = list_length(changelog->properties);
	migrate_changelog_add(changelog, migration);
}

/*
 * The first of the properties that are not decided to which a text refers; NULL if it
 * refers to none.
 */
static const MigrateUndecided *
find_undecided(const MigrateChangelog *changelog, const char *text)
{
	const MigrateUndecided *first = NULL;
	const char *close = NULL;

	for (const char *p = text; (p = strstr(p, "${")) != NULL; p += 2)
	{
		const MigrateUndecided *undecided;
		char	   *name;

		CHECK_FOR_INTERRUPTS();
		if (close == NULL || close < p + 2)
			close = strchr(p + 2, '}');
		if (close == NULL)
			break;
		if (close - p - 2 > changelog->longest_undecided)
			continue;
		name = pnstrdup(p + 2, close - p - 2);
		undecided = migrate_names_get(changelog->undecided_names, name);
		if (undecided != NULL && (first == NULL || undecided->number < first->number))
			first = undecided;
		pfree(name);
	}
	return first;
}

/*
 * Doubt a changeset, whose text is from "begin" to "end", if it has a property whose contexts
 * or labels are not decided.
 */
void
migrate_changelog_doubt(const MigrateChangelog *changelog, Migration *migration,
						const char *begin, const char *end)
{
	char	   *text = pnstrdup(begin, end - begin);
	const MigrateUndecided *undecided = find_undecided(changelog, text);

	if (undecided != NULL)
		migrate_add_doubt(migration, migration->up.line - 1, true,
						  psprintf("\"%s\" does not decide which value the property \"%s\" has",
								   undecided->setting, migrate_excerpt(undecided->name)),
						  psprintf("Set \"%s\" to a list of names or an expression, or to \"*\".",
								   undecided->setting));
	pfree(text);
}

/*
 * 0A000 for a line that Liquibase's commercial edition would act upon.
 */
void
migrate_changelog_refuse_commercial(const char *file, const MigrateLine *line)
{
	static const struct
	{
		const char *word;
		const char *next;		/* begins what follows the white space after
								 * it */
		const char *hint;
	}			lines[] = {
		{"include", "file:", "All files of the directory are read, in the order of their paths."},
		{"includeAll", "", "All files of the directory are read, in the order of their paths."},
		{"rollbackSqlFile", "", "Write its statements in lines \"--rollback\"."},
		{"tagDatabase:", "", "Remove the line: a version is the target of migrate.rollback()."},
	};
	const char *end = line->str + line->length;

	for (int i = 0; i < lengthof(lines); i++)
	{
		const char *rest = migrate_line_directive(line, lines[i].word);
		const char *next = rest ? rest + migrate_skip_spaces(rest, end - rest) : NULL;
		int			n = strlen(lines[i].next);

		if (rest == NULL || next == rest || next == end || end - next < n ||
			pg_strncasecmp(next, lines[i].next, n) != 0)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("\"--%s\" is not supported", lines[i].word),
				 errhint("%s", lines[i].hint),
				 errcontext("file \"%s\", line %d", file, line->number)));
	}
}

/*
 * Is a line of a rollback one that names another changeset, "changesetId:1
 * changesetAuthor:a changesetPath:b"?  These may be on several lines.
 */
bool
migrate_changelog_parse_reference(MigrateReference *reference, const MigrateLine *line,
								  const char *after)
{
	char	   *id = migrate_attribute(line, after, "changesetId");
	char	   *author;
	char	   *path;

	if (id == NULL && reference->id == NULL)
		return false;
	author = migrate_attribute(line, after, "changesetAuthor");
	path = migrate_attribute(line, after, "changesetPath");
	if (id == NULL && author == NULL && path == NULL)
		return false;
	if (reference->line == 0)
		reference->line = line->number;
	reference->id = id ? id : reference->id;
	reference->author = author ? author : reference->author;
	reference->path = path ? path : reference->path;
	return true;
}

/*
 * The way back of a changeset is what another one does, which has to come before it.  If
 * that has not been parsed, all have to be.
 * Errors, with file and line: 42601 if it is not named completely, 42704 if there is none.
 */
void
migrate_changelog_refer(MigrateChangelog *changelog, Migration *migration,
						const MigrateReference *reference)
{
	const char *path = reference->path ? reference->path : migration->file;
	const char *version;
	const Migration *other = NULL;

	if (reference->author == NULL)
		migrate_bad_file(migration->file, reference->line, "rollback names a changeset without its author",
						 "Write it as \"--rollback changesetId:1 changesetAuthor:name\".");
	version = psprintf("%s:%s", reference->author, reference->id);
	for (const char *end = strlen(path) < MAXPGPATH ? path : NULL; other == NULL && end != NULL;)
	{
		const char *slash = strchr(end, '/');
		char	   *key = changeset_key(end, version);

		CHECK_FOR_INTERRUPTS();
		other = migrate_names_get(changelog->changesets, key);
		end = slash ? slash + 1 : NULL;
		pfree(key);
	}
	if (other == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("changeset \"%s\", which the rollback names, does not exist", version),
				 errdetail("It has to come before, in file \"%s\".", path),
				 errcontext("file \"%s\", line %d", migration->file, reference->line)));
	if (other->unread != NIL)
	{
		changelog->needs_all = true;
		return;
	}
	changelog->refers |= strcmp(other->file, migration->file) != 0;
	migration->down = other->up;
}
