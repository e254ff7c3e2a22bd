/*-------------------------------------------------------------------------
 *
 * client.c
 *		Files that the client sends: an object of names and texts.
 *
 * Nothing is read from the disk, and no privilege is needed: what the files say
 * is SQL that the caller could send as well.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/files/client.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/jsonb.h"

#include "files/files_int.h"
#include "util/printable.h"

/* what a file system takes */
#define MAX_PATH_LENGTH	4095
#define MAX_PART_LENGTH	255
/* so much of an invalid name is shown */
#define MAX_SHOWN		200

typedef struct ClientDirectory
{
	MigrateDirectory base;
	Jsonb	   *files;			/* not ours; lives longer */
	char	   *buffer;			/* of the names */
} ClientDirectory;

pg_noreturn static void refuse_name(const char *name, int length, const char *why);

static void
refuse_name(const char *name, int length, const char *why)
{
	int			shown = length <= MAX_SHOWN ? length : pg_mbcliplen(name, length, MAX_SHOWN);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid file name in \"%s\": \"%s%s\"", "files",
					pnstrdup(name, shown), shown < length ? "..." : ""),
			 errdetail("%s", why),
			 errhint("A name is a path relative to the directory of migrations, with \"/\" between its parts.")));
}

/*
 * Check a part of a name; errors as check_name().
 */
static void
check_part(const char *part, int part_length, const char *name, int length)
{
	if (part_length == 0)
		refuse_name(name, length, *name == '/' ? "It is absolute." : "It has an empty part.");
	if (*part == '.' && (part_length == 1 || (part_length == 2 && part[1] == '.')))
		refuse_name(name, length, part_length == 1 ? "It has a part \".\"." : "It has a part \"..\".");
	if (part_length > MAX_PART_LENGTH)
		refuse_name(name, length, psprintf("A part of it has more than %d bytes.", MAX_PART_LENGTH));
}

/*
 * Check the name of a file, which is not terminated: 22023 for one that would not
 * be that of a file in the directory, or could not be seen as it is.
 */
static void
check_name(const char *name, int length)
{
	const char *end = name + length;

	if (length == 0)
		refuse_name(name, length, "It is empty.");
	if (length > MAX_PATH_LENGTH)
		refuse_name(name, length, psprintf("It has more than %d bytes.", MAX_PATH_LENGTH));
	if (!migrate_is_printable(name, length))
		refuse_name(name, length, "It has a control character.");
	for (const char *part = name; part <= end;)
	{
		const char *slash = memchr(part, '/', end - part);
		const char *part_end = slash ? slash : end;

		check_part(part, part_end - part, name, length);
		part = part_end + 1;
	}
}

/*
 * Is a file, or a folder that it is in, a hidden one?
 */
static bool
is_hidden(const char *name)
{
	return *name == '.' || strstr(name, "/.") != NULL;
}

static const char *
type_name(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return "null";
		case jbvNumeric:
			return "a number";
		case jbvBool:
			return "a boolean";
		default:
			return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data) ?
				"an array" : "an object";
	}
}

static void
check_value(const char *name, const JsonbValue *value)
{
	if (value->type == jbvString)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("text of file \"%s\" in \"%s\" must be a string", name, "files"),
			 errdetail("It is %s.", type_name(value))));
}

/*
 * Fill in all names of the object, hidden ones too, in its order.
 */
static void
collect_names(ClientDirectory *dir)
{
	JsonbIterator *iterator = JsonbIteratorInit(&dir->files->root);
	char	   *to = dir->buffer;
	JsonbIteratorToken token;
	JsonbValue	item;

	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		char	   *name = to;

		CHECK_FOR_INTERRUPTS();
		if (token != WJB_KEY)
			continue;
		check_name(item.val.string.val, item.val.string.len);
		memcpy(name, item.val.string.val, item.val.string.len);
		to += item.val.string.len;
		*to++ = '\0';
		(void) JsonbIteratorNext(&iterator, &item, true);
		check_value(name, &item);
		dir->base.names = lappend(dir->base.names, name);
	}
}

/*
 * The order is ours, but not the time that it takes: an object can be made to
 * measure.
 */
static int
compare_paths(const ListCell *a, const ListCell *b)
{
	CHECK_FOR_INTERRUPTS();
	return strcmp(lfirst(a), lfirst(b));
}

/*
 * A name that another name begins with.
 */
typedef struct Beginning
{
	const char *name;
	int			length;
} Beginning;

/*
 * Refuse a name that is that of a file, and that of a folder in another name.
 * "names" are sorted, so those that begin with a name follow it.
 */
static void
refuse_files_with_files(List *names)
{
	Beginning  *stack = palloc((MAX_PATH_LENGTH + 1) * sizeof(Beginning));
	int			depth = 0;
	ListCell   *lc;

	foreach(lc, names)
	{
		const char *name = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		while (depth > 0 && strncmp(name, stack[depth - 1].name, stack[depth - 1].length) != 0)
			depth--;
		for (int i = 0; i < depth; i++)
		{
			if (name[stack[i].length] == '/')
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("\"%s\" in \"%s\" is both a file and a folder", stack[i].name, "files"),
						 errdetail("It is the folder of file \"%s\".", name)));
		}
		stack[depth].name = name;
		stack[depth].length = strlen(name);
		depth++;
	}
	pfree(stack);
}

static List *
without_hidden(List *names)
{
	List	   *visible = NIL;
	ListCell   *lc;

	foreach(lc, names)
	{
		CHECK_FOR_INTERRUPTS();
		if (!is_hidden(lfirst(lc)))
			visible = lappend(visible, lfirst(lc));
	}
	list_free(names);
	return visible;
}

/*
 * Find a file; false if there is none of that name.  The text belongs to the object,
 * and is not terminated.
 */
static bool
find_file(const MigrateDirectory *dir, const char *name, JsonbValue *text)
{
	JsonbContainer *root = &((const ClientDirectory *) dir)->files->root;

	return getKeyJsonValueFromContainer(root, name, strlen(name), text) != NULL;
}

/*
 * The text of a file is in the database encoding, as all of the object.
 */
static char *
read_text(MigrateDirectory *dir, const char *name, int *length)
{
	int			encoding = GetDatabaseEncoding();
	JsonbValue text;
	char	   *str;

	if (!find_file(dir, name, &text))
		return NULL;
	*length = text.val.string.len;

	str = palloc(*length + 1);
	memcpy(str, text.val.string.val, *length);
	str[*length] = '\0';
	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return migrate_directory_decode(name, str, length);
	return str;
}

static char *
read_bytes(MigrateDirectory *dir, const char *name, int *length)
{
	JsonbValue text;
	char	   *bytes;

	if (!find_file(dir, name, &text))
		return NULL;
	bytes = pg_server_to_any(text.val.string.val, text.val.string.len, PG_UTF8);
	*length = text.val.string.len;

	if (bytes != text.val.string.val)
		*length = strlen(bytes);
	else
		bytes = pnstrdup(bytes, *length);
	return bytes;
}

static const MigrateFilesMethods client_methods = {
	.bytes = read_bytes,.text = read_text,.fixed = true
};

/*
 * Open the files that a client has sent, a jsonb, which has to live as long.
 *
 * Errors: 22023 if it is not an object, for a name that is not that of a file in a
 * directory, and for a text that is not a string; 54000 for too many names.
 */
MigrateDirectory *
migrate_client_open(struct varlena *files)
{
	ClientDirectory *dir = palloc0(sizeof(ClientDirectory));
	JsonbContainer *root;

	dir->files = (Jsonb *) files;
	root = &dir->files->root;
	dir->base.methods = &client_methods;
	dir->base.label = "\"files\"";
	if (!JB_ROOT_IS_OBJECT(dir->files))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be a JSON object", "files"),
				 errhint("For example: '{\"001_create_users.sql\": \"CREATE TABLE users ...\"}'.")));
	if (JsonContainerSize(root) > MIGRATE_MAX_FILES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("\"%s\" has more than %d files", "files", MIGRATE_MAX_FILES)));

	/* the names come first in the object; each gets a byte for its end */
	dir->buffer = palloc(getJsonbOffset(root, JsonContainerSize(root)) + JsonContainerSize(root) + 1);
	collect_names(dir);
	list_sort(dir->base.names, compare_paths);
	refuse_files_with_files(dir->base.names);
	dir->base.names = without_hidden(dir->base.names);
	return &dir->base;
}
