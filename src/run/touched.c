/*-------------------------------------------------------------------------
 *
 * touched.c
 *		Which objects statements create, change and drop.
 *
 * Core reports most of it to a hook, also what functions do.  Comments, labels and
 * privileges it does not: these are seen in the statements of a script.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/touched.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "tcop/tcopprot.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "run/touched.h"
#include "util/subtransaction.h"

/*
 * A key of the table.
 */
typedef struct Touched
{
	Oid			class;
	Oid			id;
} Touched;

static HTAB *touched = NULL;	/* NULL: nobody wants to know */

static bool paused = false;		/* what runs now is not to be noted */

static bool installed = false;

static object_access_hook_type next_hook = NULL;

static void
add(Oid class, Oid id)
{
	Touched		key = {class, id};

	if (touched != NULL && OidIsValid(id))
		(void) hash_search(touched, &key, HASH_ENTER, NULL);
}

/*
 * What an object is a part of, before it is dropped.
 */
static void
add_owner(Oid class, Oid id)
{
	HeapTuple	tuple;

	if (class == AttrDefaultRelationId)
		add(RelationRelationId, GetAttrDefaultColumnAddress(id).objectId);
	if (class != ConstraintRelationId)
		return;
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(id));
	if (!HeapTupleIsValid(tuple))
		return;
	add(RelationRelationId, ((Form_pg_constraint) GETSTRUCT(tuple))->conrelid);
	add(TypeRelationId, ((Form_pg_constraint) GETSTRUCT(tuple))->contypid);
	ReleaseSysCache(tuple);
}

/*
 * object_access_hook.
 */
static void
note_access(ObjectAccessType access, Oid class, Oid id, int subid, void *arg)
{
	if (next_hook != NULL)
		next_hook(access, class, id, subid, arg);
	if (touched == NULL || paused)
		return;
	switch (access)
	{
		case OAT_DROP:
			add_owner(class, id);
			add(class, id);
			break;
		case OAT_POST_CREATE:
			/* core gives the number of the relation */
			add(class == AttrDefaultRelationId ? RelationRelationId : class, id);
			break;
		case OAT_POST_ALTER:
			add(class, id);
			break;
		default:
			break;
	}
}

/*
 * From here on, what statements touch is noted, until migrate_touched_end().
 */
void
migrate_touched_begin(void)
{
	/* once in a session, since others may have been put before it */
	if (!installed)
	{
		next_hook = object_access_hook;
		object_access_hook = note_access;
		installed = true;
	}
	migrate_touched_forget();
}

/*
 * Forget what has been noted.
 */
void
migrate_touched_forget(void)
{
	HASHCTL		ctl = {.keysize = sizeof(Touched),.entrysize = sizeof(Touched),.hcxt = TopMemoryContext};

	migrate_touched_end();
	touched = hash_create("migrate touched objects", 128, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * Pause, or go on.
 */
void
migrate_touched_pause(bool pause)
{
	paused = pause;
}

/*
 * Nothing is noted any more; also after an error, and where nothing was.
 */
void
migrate_touched_end(void)
{
	HTAB	   *table = touched;

	touched = NULL;
	paused = false;
	if (table != NULL)
		hash_destroy(table);
}

/*
 * Everything that has been noted, palloc'd.
 */
ObjectAddress *
migrate_touched(int *count)
{
	ObjectAddress *addresses = palloc(Max(hash_get_num_entries(touched), 1) * sizeof(ObjectAddress));
	HASH_SEQ_STATUS status;
	Touched    *entry;

	*count = 0;
	hash_seq_init(&status, touched);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		ObjectAddressSet(addresses[*count], entry->class, entry->id);
		(*count)++;
	}
	return addresses;
}

/*
 * An object of a COMMENT, SECURITY LABEL or GRANT.
 */
static void
add_named(ObjectType type, Node *name)
{
	Relation	rel = NULL;
	ObjectAddress address;

	if (type == OBJECT_TABLE || type == OBJECT_SEQUENCE || type == OBJECT_COLUMN)
	{
		RangeVar   *relation = IsA(name, RangeVar) ? (RangeVar *) name :
			makeRangeVarFromNameList(type == OBJECT_COLUMN ?
									 list_copy_head((List *) name, list_length((List *) name) - 1) : (List *) name);

		add(RelationRelationId, RangeVarGetRelid(relation, NoLock, true));
		return;
	}
	if ((type == OBJECT_TYPE || type == OBJECT_DOMAIN) && IsA(name, List))
		name = (Node *) makeTypeNameFromNameList((List *) name);
	address = get_object_address(type, name, &rel, AccessShareLock, true);
	if (rel != NULL)
		relation_close(rel, NoLock);
	add(address.classId, address.objectId);
}

static void
add_statement(void *arg)
{
	Node	   *node = linitial_node(RawStmt, pg_parse_query(arg))->stmt;
	ListCell   *lc;

	switch (nodeTag(node))
	{
		case T_CommentStmt:
			add_named(((CommentStmt *) node)->objtype, ((CommentStmt *) node)->object);
			break;
		case T_SecLabelStmt:
			add_named(((SecLabelStmt *) node)->objtype, ((SecLabelStmt *) node)->object);
			break;
		case T_GrantStmt:
			foreach(lc, ((GrantStmt *) node)->targtype == ACL_TARGET_OBJECT ? ((GrantStmt *) node)->objects : NIL)
				add_named(((GrantStmt *) node)->objtype, lfirst(lc));
			break;
		default:
			break;
	}
}

/*
 * Note what a statement of a script has touched, after it has run.
 */
void
migrate_touched_statement(const MigrateStatement *statement, const char *sql)
{
	ListCell   *lc;

	foreach(lc, statement->relations)
		add(RelationRelationId, RangeVarGetRelid(lfirst(lc), NoLock, true));
	if (statement->tag == T_CommentStmt || statement->tag == T_SecLabelStmt || statement->tag == T_GrantStmt)
	{
		/*
		 * a kind of object that is not known here is none of objects(), or a
		 * rare one
		 */
		ErrorData  *error = migrate_try(add_statement, pnstrdup(sql + statement->offset, statement->length));

		if (error != NULL && !migrate_is_error_of_input(error->sqlerrcode))
			ReThrowError(error);
	}
}
