/*-------------------------------------------------------------------------
 *
 * kinds.c
 *		The kinds of objects: a name and a query for each.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/objects/kinds.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "objects/objects_int.h"

const MigrateObjectKind migrate_object_kinds[] = {
	{"access method", migrate_sql_access_method},
	{"aggregate", migrate_sql_aggregate},
	{"cast", migrate_sql_cast},
	{"collation", migrate_sql_collation},
	{"constraint", migrate_sql_constraint},
	{"conversion", migrate_sql_conversion},
	{"default privileges", migrate_sql_default_privileges},
	{"domain", migrate_sql_domain},
	{"event trigger", migrate_sql_event_trigger},
	{"extension", migrate_sql_extension},
	{"foreign data wrapper", migrate_sql_foreign_data_wrapper},
	{"foreign table", migrate_sql_foreign_table},
	{"function", migrate_sql_function},
	{"index", migrate_sql_index},
	{"language", migrate_sql_language},
	{"materialized view", migrate_sql_materialized_view},
	{"operator", migrate_sql_operator},
	{"operator class", migrate_sql_operator_class},
	{"operator family", migrate_sql_operator_family},
	{"policy", migrate_sql_policy},
	{"privileges", migrate_sql_privileges},
	{"procedure", migrate_sql_procedure},
	{"publication", migrate_sql_publication},
	{"rule", migrate_sql_rule},
	{"schema", migrate_sql_schema},
	{"sequence", migrate_sql_sequence},
	{"server", migrate_sql_server},
	{"statistics", migrate_sql_statistics},
	{"subscription", migrate_sql_subscription,.superuser = true,.common_query = migrate_sql_common_subscription},
	{"table", migrate_sql_table},
	{"text search configuration", migrate_sql_ts_configuration},
	{"text search dictionary", migrate_sql_ts_dictionary},
	{"text search parser", migrate_sql_ts_parser},
	{"text search template", migrate_sql_ts_template},
	{"transform", migrate_sql_transform},
	{"trigger", migrate_sql_trigger},
	{"type", migrate_sql_type},
	{"user mapping", migrate_sql_user_mapping,.common_query = migrate_sql_common_user_mapping},
	{"view", migrate_sql_view},
	{NULL}
};
