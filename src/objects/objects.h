/*-------------------------------------------------------------------------
 *
 * objects.h
 *		The schema of the database as data: a row for each object.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/objects/objects.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_OBJECTS_OBJECTS_H
#define MIGRATE_OBJECTS_OBJECTS_H

#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"

/*
 * Which objects, and how much of each.
 */
typedef struct MigrateObjectFilter
{
	List	   *schemas;		/* names; NIL: all, and what is in no schema */
	bool		owners;
	bool		privileges;
	bool		common;			/* nothing that not every role may read */
} MigrateObjectFilter;

/*
 * Gets one object; the texts are valid during the call only.
 */
typedef void (*MigrateObjectReceiver) (const char *kind, const char *name,
									   const char *definition, void *arg);

/* in objects.c */
extern void migrate_objects(const MigrateObjectFilter *filter, MigrateObjectReceiver receive, void *arg);

/*
 * An object by its number; the texts are valid during the call only.
 */
typedef struct MigrateNumberedObject
{
	const char *kind;
	const char *name;
	const char *definition;
	Oid			id;
	Oid			of_id;			/* that it is a part of, or "id" again */
} MigrateNumberedObject;

typedef void (*MigrateObjectVisitor) (const MigrateNumberedObject *object, void *arg);

/* in touched.c */
extern void migrate_objects_touched(const ObjectAddress *addresses, int count,
									MigrateObjectVisitor visit, void *arg);

/* in fingerprint.c */
extern char *migrate_objects_fingerprint(const MigrateObjectFilter *filter);

#endif							/* MIGRATE_OBJECTS_OBJECTS_H */
