/*-------------------------------------------------------------------------
 *
 * sqitch_plan.c
 *		sqitch.plan: the changes of a project in their order.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/sqitch_plan.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "format/filename.h"
#include "format/format.h"
#include "format/manifest.h"
#include "util/lines.h"
#include "util/names.h"
#include "util/printable.h"

#define BLANK	" \t\r"

/*
 * "names" lacks a file, or a folder on the way to it cannot be read.
 */
void
migrate_refuse_missing_file(const char *file, const char *manifest, int line, List *names)
{
	char	   *folder = migrate_unreadable_folder(names, file);

	if (folder != NULL)
		migrate_refuse_unreadable(folder);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FILE),
			 errmsg("file \"%s\" does not exist", file),
			 errdetail("It is named in \"%s\".", manifest),
			 line > 0 ? errcontext("file \"%s\", line %d", manifest, line) : 0));
}

/*
 * The key of what has that number, from 0, in such a file.
 */
char *
migrate_ordinal_key(int ordinal, const char *name)
{
	return psprintf("%08d:%s", ordinal, name);
}

/*
 * A change of a sqitch.plan.
 */
typedef struct SqitchChange
{
	char	   *name;
	char	   *depends;		/* the text in brackets, or NULL */
	char	   *planner;
	char	   *note;
	int			ordinal;		/* in the plan, from 0 */
	int			line;
	List	   *tags;			/* of char *, with "@" */
	struct SqitchChange *rework;	/* the next one of the same name, or NULL */
	const struct SqitchTag *copied_for; /* tag after which it was reworked, or
										 * NULL ... */
	char	   *copy;			/* ... and the name that its scripts got then */
} SqitchChange;

typedef struct SqitchTag
{
	SqitchChange *change;
	int			line;
} SqitchTag;

typedef struct SqitchPlan
{
	const MigrateLayout *layout;
	const char *file;
	const char *project;
	List	   *changes;		/* of SqitchChange, in order */
	List	   *by_name;		/* the same, by name and then in order */
	MigrateNames *tags;			/* of SqitchTag, by name, with "@" */
} SqitchPlan;

/*
 * The next line, without its end, trimmed, palloc'd; NULL at the end of *text.
 */
static char *
next_plan_line(const char **str)
{
	const char *start = *str + strspn(*str, BLANK);
	int			length = strcspn(start, "\n");

	if (**str == '\0')
		return NULL;
	*str = start[length] == '\n' ? start + length + 1 : start + length;
	while (length > 0 && strchr(BLANK, start[length - 1]) != NULL)
		length--;
	return pnstrdup(start, length);
}

/*
 * Parse what follows the name in a line of the plan (sqitch 1.6, Plan.pm): perhaps
 * [dependencies], a time, the planner, and a note after "#".
 */
static void
parse_change(SqitchPlan *plan, SqitchChange *change, char *rest)
{
	char	   *note = strchr(rest, '#');
	char	   *close;
	int			length;

	if (note != NULL)
	{
		*note++ = '\0';
		change->note = note + strspn(note, BLANK);
	}
	rest += strspn(rest, BLANK);
	if (*rest == '[')
	{
		close = strchr(rest, ']');
		if (close == NULL)
			migrate_bad_file(plan->file, change->line, "list of dependencies is not closed", NULL);
		*close = '\0';
		change->depends = rest + 1;
		rest = close + 1 + strspn(close + 1, BLANK);
	}
	rest += strcspn(rest, BLANK);
	rest += strspn(rest, BLANK);
	length = strlen(rest);
	while (length > 0 && strchr(BLANK, rest[length - 1]) != NULL)
		length--;
	if (length > 0)
		change->planner = pnstrdup(rest, length);
}

static void
add_tag(SqitchPlan *plan, const char *line, int number)
{
	SqitchTag  *tag = palloc(sizeof(SqitchTag));

	if (plan->changes == NIL)
		migrate_bad_file(plan->file, number, "tag precedes the first change", NULL);
	tag->change = llast(plan->changes);
	tag->line = number;
	tag->change->tags = lappend(tag->change->tags, pnstrdup(line, strcspn(line, BLANK)));
	(void) migrate_names_add(plan->tags, llast(tag->change->tags), tag);
}

static void
add_change(SqitchPlan *plan, char *line, int number)
{
	SqitchChange *change = palloc0(sizeof(SqitchChange));
	int			length;

	if (*line == '-')
		migrate_bad_file(plan->file, number, "reverted changes in the plan are not supported", NULL);
	if (*line == '+')
		line += 1 + strspn(line + 1, BLANK);
	length = strcspn(line, BLANK);
	change->name = pnstrdup(line, length);
	change->line = number;
	change->ordinal = list_length(plan->changes);
	parse_change(plan, change, line + length);
	plan->changes = lappend(plan->changes, change);
}

static int
compare_changes(const ListCell *a, const ListCell *b)
{
	const SqitchChange *x = lfirst(a);
	const SqitchChange *y = lfirst(b);
	int			order = strcmp(x->name, y->name);

	return order != 0 ? order : x->ordinal - y->ordinal;
}

/*
 * The first change of that name, or NULL.
 */
static SqitchChange *
find_change(const SqitchPlan *plan, const char *name)
{
	int			low = 0;
	int			high = list_length(plan->by_name);

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (strcmp(((SqitchChange *) list_nth(plan->by_name, middle))->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < list_length(plan->by_name) &&
		strcmp(((SqitchChange *) list_nth(plan->by_name, low))->name, name) == 0)
		return list_nth(plan->by_name, low);
	return NULL;
}

/*
 * Is there a tag at a change before "ordinal"?
 */
static bool
has_tag(const SqitchPlan *plan, const char *tag, int ordinal)
{
	const SqitchTag *found = migrate_names_get(plan->tags, tag);

	return found != NULL && found->change->ordinal < ordinal;
}

/*
 * Check one dependency of a change: [!][project:]{change[@tag]|@tag|id}.  Those on
 * other projects cannot be seen here.
 */
static void
check_dependency(const SqitchPlan *plan, const SqitchChange *change, char *dependency)
{
	bool		conflict = *dependency == '!';
	char	   *name = dependency + conflict;
	char	   *colon = strchr(name, ':');
	char	   *tag;
	SqitchChange *other;
	bool		deployed;

	if (colon != NULL && (plan->project == NULL || strlen(plan->project) != colon - name ||
						  strncmp(plan->project, name, colon - name) != 0))
		return;
	name = colon ? colon + 1 : name;
	if (strlen(name) == 40 && strspn(name, "0123456789abcdef") == 40)
		return;
	tag = strchr(name, '@');
	if (tag == name)
		deployed = has_tag(plan, tag, change->ordinal);
	else
	{
		other = find_change(plan, tag ? pnstrdup(name, tag - name) : name);
		deployed = other != NULL && other->ordinal < change->ordinal &&
			(tag == NULL || has_tag(plan, tag, change->ordinal));
	}
	if (deployed != conflict)
		return;
	ereport(ERROR,
			(errcode(conflict ? ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE : ERRCODE_UNDEFINED_OBJECT),
			 conflict ? errmsg("change \"%s\" conflicts with \"%s\", which precedes it in the plan",
							   change->name, migrate_excerpt(dependency + 1)) :
			 errmsg("change \"%s\" requires \"%s\", which does not precede it in the plan",
					change->name, migrate_excerpt(dependency)),
			 errcontext("file \"%s\", line %d", plan->file, change->line)));
}

static void
check_dependencies(const SqitchPlan *plan, const SqitchChange *change)
{
	char	   *save = NULL;

	if (change->depends == NULL)
		return;
	for (char *d = strtok_r(pstrdup(change->depends), BLANK, &save); d != NULL;
		 d = strtok_r(NULL, BLANK, &save))
		check_dependency(plan, change, d);
}

static const char project_pragma[] = "%project=";

static void
parse_plan(SqitchPlan *plan, const char *str)
{
	char	   *line;

	plan->tags = migrate_names_create();
	for (int number = 1; (line = next_plan_line(&str)) != NULL; number++)
	{
		CHECK_FOR_INTERRUPTS();
		if (strncmp(line, project_pragma, strlen(project_pragma)) == 0)
			plan->project = line + strlen(project_pragma);
		else if (*line == '@')
			add_tag(plan, line, number);
		else if (*line != '\0' && *line != '%' && *line != '#')
			add_change(plan, line, number);
	}
	plan->by_name = list_copy(plan->changes);
	list_sort(plan->by_name, compare_changes);
	for (int i = 1; i < list_length(plan->by_name); i++)
	{
		SqitchChange *change = list_nth(plan->by_name, i - 1);
		SqitchChange *next = list_nth(plan->by_name, i);

		if (strcmp(change->name, next->name) == 0)
			change->rework = next;
	}
}

/*
 * The file of a script of a change, whose name is "script".
 */
static char *
script_file(const SqitchPlan *plan, const SqitchChange *change, MigrateScriptKind kind, const char *script)
{
	const MigrateLayout *layout = plan->layout;

	return psprintf("%s%s%s", change->rework ? layout->reworked[kind] : layout->folders[kind], script,
					layout->suffix);
}

/*
 * The last change of that name that is not after "ordinal", or NULL.
 */
static SqitchChange *
last_change(const SqitchPlan *plan, const char *name, int ordinal)
{
	int			low = 0;
	int			high = list_length(plan->by_name);

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const SqitchChange *change = list_nth(plan->by_name, middle);
		int			order = strcmp(change->name, name);

		if (order < 0 || (order == 0 && change->ordinal <= ordinal))
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0 && strcmp(((SqitchChange *) list_nth(plan->by_name, low - 1))->name, name) == 0)
		return list_nth(plan->by_name, low - 1);
	return NULL;
}

/*
 * Note a name of scripts, which is that of a change and a tag if the change is reworked
 * after the tag.  The last of several tags counts, and the first of one change.
 */
static void
note_copy(const SqitchPlan *plan, char *script)
{
	char	   *at = strrchr(script, '@');
	const SqitchTag *tag = at ? migrate_names_get(plan->tags, at) : NULL;
	SqitchChange *change = tag ? last_change(plan, pnstrdup(script, at - script), tag->change->ordinal) : NULL;
	const SqitchTag *other = change ? change->copied_for : NULL;

	if (change == NULL || change->rework == NULL ||
		(other != NULL && (other->change->ordinal > tag->change->ordinal ||
						   (other->change == tag->change && other->line < tag->line))))
		return;
	change->copied_for = tag;
	change->copy = script;
}

/*
 * Find the scripts of changes that are reworked later: there may be as many tags as
 * changes, so it is the files that are gone through.
 */
static void
find_copies(const SqitchPlan *plan, List *names)
{
	const char *folder = plan->layout->reworked[SCRIPT_DEPLOY];
	int			start = strlen(folder);
	ListCell   *lc;

	foreach(lc, names)
	{
		const char *file = lfirst(lc);
		int			length = (int) strlen(file) - start - (int) strlen(plan->layout->suffix);

		CHECK_FOR_INTERRUPTS();
		if (length > 0 && strncmp(file, folder, start) == 0 && migrate_has_suffix(file, plan->layout->suffix))
			note_copy(plan, pnstrdup(file + start, length));
	}
}

/*
 * The name of a change's scripts.  Those of one that is reworked later have got
 * the name of a tag in between.
 */
static char *
script_name(const SqitchPlan *plan, const SqitchChange *change)
{
	if (change->rework == NULL)
		return change->name;
	if (change->copy != NULL)
		return change->copy;
	migrate_bad_file(plan->file, change->rework->line,
					 psprintf("change \"%s\" is listed twice without a tag in between, or without the older scripts",
							  change->name),
					 psprintf("After a tag \"@v1\", \"sqitch rework\" copies them to \"%s\" and the like.",
							  script_file(plan, change, SCRIPT_DEPLOY, psprintf("%s@v1", change->name))));
}

static MigrateFileName *
sqitch_file(const SqitchChange *change, MigratePart part, char *file, char *script)
{
	MigrateFileName *parsed = palloc0(sizeof(MigrateFileName));

	parsed->file = file;
	parsed->part = part;
	parsed->version = script;
	parsed->name = pstrdup("");
	parsed->sort_key = migrate_ordinal_key(change->ordinal, change->name);
	parsed->description = change->note;
	parsed->author = change->planner;
	parsed->tags = change->tags;
	return parsed;
}

/*
 * The files of a sqitch.plan (sqitch 1.6): deploy and revert scripts, as a list
 * of MigrateFileName.  "layout" is where they are, NULL: as sqitch has them if nothing
 * else is said.
 *
 * "names" are those of the directory, sorted.  Errors, with file and line: 42601
 * for a plan that makes no sense, 58P01 for a deploy script that is not there,
 * 42704 and 55000 for dependencies.
 */
List *
migrate_sqitch_plan_files(const MigrateLayout *layout, const char *manifest, const char *str,
						  List *names)
{
	SqitchPlan	plan = {.file = manifest,.layout = layout ? layout : &migrate_sqitch_layout};
	List	   *files = NIL;
	ListCell   *lc;

	parse_plan(&plan, str);
	find_copies(&plan, names);
	foreach(lc, plan.changes)
	{
		SqitchChange *change = lfirst(lc);
		char	   *script = script_name(&plan, change);
		char	   *deploy = script_file(&plan, change, SCRIPT_DEPLOY, script);
		char	   *revert = script_file(&plan, change, SCRIPT_REVERT, script);
		MigrateFileName *up;

		CHECK_FOR_INTERRUPTS();
		check_dependencies(&plan, change);
		if (!migrate_has_name(names, deploy))
			migrate_refuse_missing_file(deploy, manifest, change->line, names);
		up = sqitch_file(change, PART_UP, deploy, script);
		up->verify = script_file(&plan, change, SCRIPT_VERIFY, script);
		files = lappend(files, up);
		if (migrate_may_have_name(names, revert))
			files = lappend(files, sqitch_file(change, PART_DOWN, revert, script));
	}
	return files;
}

/*
 * The project that a sqitch.plan is of, palloc'd; NULL if it does not say.
 */
char *
migrate_sqitch_plan_project(const char *str)
{
	char	   *line;

	while ((line = next_plan_line(&str)) != NULL)
		if (strncmp(line, project_pragma, strlen(project_pragma)) == 0 &&
			line[strlen(project_pragma)] != '\0')
			return line + strlen(project_pragma);
	return NULL;
}
