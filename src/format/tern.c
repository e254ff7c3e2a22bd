/*-------------------------------------------------------------------------
 *
 * tern.c
 *		tern's templates: files that others include, and tern.conf, which has values.
 *
 * tern evaluates each half of a file as a template of Go (v2.4, migrate.go).  Of these,
 * these actions are read here: {{ template "folder/file.sql" . }}, which includes a file of
 * a folder of the directory, also without its data, the period, or with a string instead, which
 * {{ . }} is there; {{ .name }}, a variable; and comments.  Included files are put into the text when it is read, the values of variables later (variables/tern.c),
 * for which each reference stays in it as {{.name}}.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/tern.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "files/files.h"
#include "format/format_int.h"
#include "format/manifest.h"
#include "format/settings_file.h"
#include "format/tern.h"
#include "script/script.h"
#include "util/line_map.h"
#include "util/lines.h"
#include "util/printable.h"
#include "variables/variables.h"

/* what Go trims beside an action with a hyphen */
#define SPACE	" \t\r\n"

/* more of one migration are a mistake, or meant to fill the memory */
#define MAX_DEPTH		16
#define MAX_TEMPLATES	10000
#define MAX_BYTES		(512 * 1024 * 1024)

/*
 * Where a part of an expanded text comes from.
 */
typedef struct Origin
{
	int			offset;			/* bytes of that text before it */
	const char *file;
	int			line;
} Origin;

/*
 * A file that is being expanded, and the one that includes it.
 */
typedef struct Template
{
	const char *file;
	const struct Template *outer;
	int			depth;
	bool		has_data;		/* variables have values in it */
	const char *dot;			/* the text that it was included with, or NULL */
} Template;

typedef struct Expansion
{
	StringInfoData out;
	List	   *origins;		/* of Origin, in order */
	MigrateReadTemplate read;
	void	   *arg;
	size_t		own;			/* bytes of the migration itself */
	int			templates;		/* so many are included so far ... */
	size_t		bytes;			/* ... of that size, with what is left out */
	List	   *gaps;			/* of int: begin and end of what is between
								 * tokens */
} Expansion;

/*
 * An action of a template.
 */
typedef struct Action
{
	const char *end;			/* what follows its braces */
	char	   *text;			/* between them, without white space around it */
	bool		is_comment;
	bool		trims_left;
	bool		trims_right;
} Action;

/*
 * Might a text have an action?
 */
bool
migrate_may_have_action(const char *sql)
{
	return migrate_find_text(sql, "{{") != NULL;
}

/*
 * The end of a quoted string of Go, from its opening quote; NULL if it has none.
 */
static const char *
skip_string(const char *p)
{
	char		quote = *p;

	for (p++; *p != '\0' && *p != quote && (quote == '`' || *p != '\n'); p++)
		p += quote != '`' && *p == '\\' && p[1] != '\0';
	return *p == quote ? p + 1 : NULL;
}

/*
 * Where the closing braces of an action begin, NULL if there are none.
 */
static const char *
find_close(const char *p, bool is_comment)
{
	if (is_comment)
	{
		p = strstr(p, "*/");
		if (p == NULL)
			return NULL;
		p += 2;
		if (strncmp(p, " -}}", 4) == 0)
			return p + 2;
		return strncmp(p, "}}", 2) == 0 ? p : NULL;
	}
	while (*p != '\0' && strncmp(p, "}}", 2) != 0)
	{
		if (*p == '"' || *p == '`' || *p == '\'')
		{
			p = skip_string(p);
			if (p == NULL)
				return NULL;
		}
		else
			p++;
	}
	return *p == '\0' ? NULL : p;
}

/*
 * Parse the action that begins at "begin"; false if it does not end.
 */
static bool
parse_action(Action *action, const char *begin)
{
	const char *p = begin + 2;
	const char *close;
	const char *end;

	action->trims_left = *p == '-' && p[1] != '\0' && strchr(SPACE, p[1]) != NULL;
	if (action->trims_left)
		p += 2;
	action->is_comment = strncmp(p, "/*", 2) == 0;
	close = find_close(p, action->is_comment);
	if (close == NULL)
		return false;
	action->end = close + 2;
	end = close;
	action->trims_right = end - p >= 2 && end[-1] == '-' && strchr(SPACE, end[-2]) != NULL;
	if (action->is_comment)
		action->trims_right = close[-1] == '-';
	if (action->trims_right)
		end -= 2;
	p += strspn(p, SPACE);
	while (end > p && strchr(SPACE, end[-1]) != NULL)
		end--;
	action->text = pnstrdup(p, Max(end - p, 0));
	return true;
}

/*
 * The name in an action ".name", NULL for another one.
 */
static const char *
variable_of(const Action *action)
{
	const char *name = action->text +1;

	if (*action->text !='.' || *name == '\0' || isdigit((unsigned char) *name))
		return NULL;
	for (const char *p = name; *p != '\0'; p++)
		if (!migrate_is_variable_char(*p))
			return NULL;
	return name;
}

/*
 * The string of Go that *p begins with, without its quotes, palloc'd; *p moves behind it and
 * the white space there.  NULL if there is none, or one with a backslash.
 */
static char *
parse_string(const char **p)
{
	const char *begin = *p + 1;
	const char *end = **p == '"' || **p == '`' ? skip_string(*p) : NULL;

	if (end == NULL || memchr(begin, '\\', end - begin) != NULL)
		return NULL;
	*p = end + strspn(end, SPACE);
	return pnstrdup(begin, end - 1 - begin);
}

/*
 * The file that an action "template "file"" includes, palloc'd; NULL for another one.
 * *argument becomes what follows: ".", "" or a string in quotes.
 */
static char *
template_of(const Action *action, const char **argument)
{
	const char *p = action->text;
	char	   *name;
	const char *rest;

	if (strncmp(p, "template", strlen("template")) != 0)
		return NULL;
	p += strlen("template");
	p += strspn(p, SPACE);
	name = parse_string(&p);
	if (name == NULL)
		return NULL;
	*argument = rest = p;
	if (*p == '\0' || strcmp(p, ".") == 0 || (parse_string(&rest) != NULL && *rest == '\0'))
		return name;
	return NULL;
}

/*
 * Refuse more for one migration than can be meant.
 */
static void
check_amount(const Expansion *expansion, int depth, size_t more, const char *file, int line)
{
	if (depth <= MAX_DEPTH && expansion->templates <= MAX_TEMPLATES && expansion->bytes <= MAX_BYTES &&
		expansion->out.len + more <= expansion->own + MAX_BYTES)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("migration includes too many files or too much text"),
			 errdetail("The limits are %d files in one another, %d files in all, and %d MB.", MAX_DEPTH,
					   MAX_TEMPLATES, MAX_BYTES / (1024 * 1024)),
			 errcontext("file \"%s\", line %d", file, line)));
}

/*
 * Append text that comes from that line of a file.
 */
static void
append_text(Expansion *expansion, const char *str, int length, const char *file, int line)
{
	Origin	   *origin;

	if (length <= 0)
		return;
	check_amount(expansion, 0, length, file, line);
	origin = palloc(sizeof(Origin));
	origin->offset = expansion->out.len;
	origin->file = file;
	origin->line = line;
	expansion->origins = lappend(expansion->origins, origin);
	appendBinaryStringInfo(&expansion->out, str, length);
}

static void expand(Expansion *expansion, const char *str, int line, const Template *self);

/*
 * Append the file of that name, which an action in that line includes.
 */
static void
append_template(Expansion *expansion, char *name, const char *argument, int line, const Template *self)
{
	Template	inner = {name, self, self->depth + 1};
	bool		is_shared = strchr(name, '/') != NULL && migrate_has_suffix(name, ".sql");
	char	   *str = is_shared ? expansion->read(expansion->arg, name) : NULL;

	if (str == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("template \"%s\" does not exist", migrate_excerpt(name)),
				 is_shared ? 0 :
				 errdetail("Templates are the *.sql files in folders of the directory; their names begin with the folder."),
				 errcontext("file \"%s\", line %d", self->file, line)));
	for (const Template *outer = self; outer != NULL; outer = outer->outer)
		if (strcmp(outer->file, name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_RECURSION),
					 errmsg("file \"%s\" includes itself", name),
					 errcontext("file \"%s\", line %d", self->file, line)));
	expansion->templates++;
	expansion->bytes += strlen(str);
	check_amount(expansion, inner.depth, 0, self->file, line);
	if (strcmp(argument, ".") == 0)
	{
		inner.has_data = self->has_data;
		inner.dot = self->dot;
	}
	else if (*argument != '\0')
		inner.dot = parse_string(&argument);
	expand(expansion, str, 1, &inner);
	pfree(str);
}

/*
 * Append what an action in that line stands for.
 */
static void
append_action(Expansion *expansion, const Action *action, int line, const Template *self)
{
	const char *variable = self->has_data ? variable_of(action) : NULL;
	const char *argument;
	char	   *name = action->is_comment ? NULL : template_of(action, &argument);

	if (action->is_comment)
		return;
	if (name != NULL)
		append_template(expansion, name, argument, line, self);
	else if (strcmp(action->text, ".") == 0 && self->dot != NULL)
		append_text(expansion, self->dot, strlen(self->dot), self->file, line);
	else if (variable != NULL)
	{
		char	   *reference = psprintf("{{.%s}}", variable);

		append_text(expansion, reference, strlen(reference), self->file, line);
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("action \"%s\" of a template is not supported", migrate_excerpt(action->text)),
				 !self->has_data && variable_of(action) != NULL ?
				 errhint("The file is included without the data: write {{ template \"%s\" . }}.", self->file) :
				 errhint("Use only {{ template \"folder/file.sql\" . }} and {{ .name }}, or write the statements out; tern's \"print-migrations\" shows them."),
				 errcontext("file \"%s\", line %d", self->file, line)));
}

/*
 * Append a text of a file, whose first line is "line" there.
 */
static void
expand(Expansion *expansion, const char *str, int line, const Template *self)
{
	const char *next;
	bool		trims = false;

	while ((next = migrate_find_text(str, "{{")) != NULL)
	{
		int			action_line = line + migrate_count_lines(str, next - str) - 1;
		Action		action;
		const char *end = next;
		int			blank = trims ? strspn(str, SPACE) : 0;

		CHECK_FOR_INTERRUPTS();
		if (!parse_action(&action, next))
			migrate_bad_file(self->file, action_line, "action of a template does not end", NULL);
		blank = Min(blank, next - str);
		while (action.trims_left && end > str + blank && strchr(SPACE, end[-1]) != NULL)
			end--;
		append_text(expansion, str + blank, end - str - blank, self->file,
					line + migrate_count_lines(str, blank) - 1);
		append_action(expansion, &action, action_line, self);
		pfree(action.text);
		line = action_line + migrate_count_lines(next, action.end - next) - 1;
		str = action.end;
		trims = action.trims_right;
	}
	if (trims)
	{
		int			blank = strspn(str, SPACE);

		line += migrate_count_lines(str, blank) - 1;
		str += blank;
	}
	append_text(expansion, str, strlen(str), self->file, line);
}

/*
 * Find what is between the tokens of the expanded text, where a comment may be put in
 * before a line.
 */
static void
find_gaps(void *arg)
{
	Expansion  *expansion = arg;
	MigrateLexer *lexer = migrate_lexer_start(expansion->out.data);
	const MigrateToken *token;
	int			end = 0;

	do
	{
		token = migrate_lexer_next(lexer);
		if (token->kind == 0)
			break;
		expansion->gaps = lappend_int(lappend_int(expansion->gaps, end), token->location);
		end = token->location + (token->kind == MIGRATE_COMMAND_LINE ? token->line_length : strlen(token->str));
		if (token->rows > 0)
		{
			/* with the line that ends them */
			end = token->rows + token->rows_length;
			end += strcspn(expansion->out.data + end, "\n");
		}
	} while (true);
	expansion->gaps = lappend_int(lappend_int(expansion->gaps, end), expansion->out.len);
	migrate_lexer_end(lexer);
}

/*
 * The text with a comment before each line that is not of the file, or not the line of it,
 * that it would be counted as, as far as there may be one; palloc'd.  The text begins in
 * that line of a file.
 */
static char *
with_line_markers(const Expansion *expansion, const char *file, int line)
{
	const char *text = expansion->out.data;
	const char *at = text;
	StringInfoData marked;
	const Origin *counted = NULL;	/* for which these are ... */
	int			counted_to = 0;
	int			origin_line = 0;	/* ... and the line there */
	int			next_origin = 0;
	int			gap = 0;

	initStringInfo(&marked);
	while (*at != '\0')
	{
		int			offset = at - text;
		const char *newline = strchr(at, '\n');
		const char *end = newline ? newline + 1 : at + strlen(at);
		const Origin *origin;

		CHECK_FOR_INTERRUPTS();
		while (next_origin + 1 < list_length(expansion->origins) &&
			   ((Origin *) list_nth(expansion->origins, next_origin + 1))->offset <= offset)
			next_origin++;
		origin = list_nth(expansion->origins, next_origin);
		if (origin != counted)
		{
			counted = origin;
			counted_to = origin->offset;
			origin_line = origin->line;
		}
		origin_line += migrate_count_lines(text +counted_to, offset - counted_to) - 1;
		counted_to = offset;
		while (gap < list_length(expansion->gaps) && list_nth_int(expansion->gaps, gap + 1) < offset)
			gap += 2;
		if ((strcmp(origin->file, file) != 0 || origin_line != line) &&
			gap < list_length(expansion->gaps) && list_nth_int(expansion->gaps, gap) <= offset)
		{
			file = origin->file;
			line = origin_line;
			migrate_append_line_marker(&marked, file, line);
		}
		appendBinaryStringInfo(&marked, at, end - at);
		line++;
		at = end;
	}
	return marked.data;
}

/*
 * A text of a file, from that line on, with the templates that it includes; palloc'd.
 * read() gives the text of a file of the directory, palloc'd, NULL if there is none.
 *
 * Errors, with file and line: those of read(); 0A000 for an action that is not supported,
 * 42601 for one that does not end, 58P01 for a template that does not exist, 42P19 for one
 * that includes itself, 54000 for too many.
 */
char *
migrate_expand_template(const char *str, const char *file, int line, MigrateReadTemplate read, void *arg)
{
	Expansion	expansion = {.read = read,.arg = arg,.own = strlen(str)};
	Template	self = {.file = file,.has_data = true};

	initStringInfo(&expansion.out);
	expand(&expansion, str, line, &self);

	/* an error of it is raised when the text is parsed */
	(void) migrate_try_to_lex(find_gaps, &expansion);
	return with_line_markers(&expansion, file, line);
}

/*
 * The templates that a text includes: visit() is called with the name of each, if it can be
 * one.  A text with an action that does not end is not expanded, and no more of it are.
 */
void
migrate_templates_visit(const char *sql, bool (*visit) (void *arg, const char *file), void *arg)
{
	while ((sql = migrate_find_text(sql, "{{")) != NULL)
	{
		Action		action;
		const char *argument;
		char	   *name;

		CHECK_FOR_INTERRUPTS();
		if (!parse_action(&action, sql))
			return;
		name = action.is_comment ? NULL : template_of(&action, &argument);
		if (name != NULL && strchr(name, '/') != NULL && migrate_has_suffix(name, ".sql"))
			(void) visit(arg, name);
		pfree(action.text);
		sql = action.end;
	}
}

/*
 * What tern.conf says: the values in its section "data", for both directions.  The file
 * itself may be a template; values that are made so, most often from the environment, are
 * not known here.  Errors: 42601 with file and line.
 */
MigrateLayout *
migrate_tern_conf(const char *file, const char *str)
{
	MigrateSettingsFile *settings = migrate_settings_parse_ini(file, str);
	MigrateLayout *layout = palloc0(sizeof(MigrateLayout));
	List	   *vars = NIL;
	ListCell   *lc;

	foreach(lc, migrate_settings_variables(settings, "data", NIL))
	{
		if (strstr(((MigrateVariable *) lfirst(lc))->value, "{{") == NULL)
			vars = lappend(vars, lfirst(lc));
	}
	layout->file = file;
	layout->up_vars = layout->down_vars = vars;
	return layout;
}
