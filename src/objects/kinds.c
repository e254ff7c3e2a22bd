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

#include "catalog/pg_am.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_transform.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"

#include "objects/objects_int.h"

const MigrateObjectKind migrate_object_kinds[] = {
	{"access method", migrate_sql_access_method, AccessMethodRelationId},
	{"aggregate", migrate_sql_aggregate, ProcedureRelationId},
	{"cast", migrate_sql_cast, CastRelationId},
	{"collation", migrate_sql_collation, CollationRelationId},
	{"constraint", migrate_sql_constraint, ConstraintRelationId, RelationRelationId},
	{"conversion", migrate_sql_conversion, ConversionRelationId},
	{"default privileges", migrate_sql_default_privileges, DefaultAclRelationId},
	{"domain", migrate_sql_domain, TypeRelationId},
	{"event trigger", migrate_sql_event_trigger, EventTriggerRelationId},
	{"extension", migrate_sql_extension, ExtensionRelationId},
	{"foreign data wrapper", migrate_sql_foreign_data_wrapper, ForeignDataWrapperRelationId},
	{"foreign table", migrate_sql_foreign_table, RelationRelationId},
	{"function", migrate_sql_function, ProcedureRelationId},
	{"index", migrate_sql_index, RelationRelationId, RelationRelationId},
	{"language", migrate_sql_language, LanguageRelationId},
	{"materialized view", migrate_sql_materialized_view, RelationRelationId},
	{"operator", migrate_sql_operator, OperatorRelationId},
	{"operator class", migrate_sql_operator_class, OperatorClassRelationId},
	{"operator family", migrate_sql_operator_family, OperatorFamilyRelationId},
	{"policy", migrate_sql_policy, PolicyRelationId, RelationRelationId},
	{"privileges", migrate_sql_privileges},
	{"procedure", migrate_sql_procedure, ProcedureRelationId},
	{"publication", migrate_sql_publication, PublicationRelationId},
	{"rule", migrate_sql_rule, RewriteRelationId, RelationRelationId},
	{"schema", migrate_sql_schema, NamespaceRelationId},
	{"sequence", migrate_sql_sequence, RelationRelationId},
	{"server", migrate_sql_server, ForeignServerRelationId},
	{"statistics", migrate_sql_statistics, StatisticExtRelationId, RelationRelationId},
	{"subscription", migrate_sql_subscription, SubscriptionRelationId,.superuser = true,.common_query = migrate_sql_common_subscription},
	{"table", migrate_sql_table, RelationRelationId},
	{"text search configuration", migrate_sql_ts_configuration, TSConfigRelationId},
	{"text search dictionary", migrate_sql_ts_dictionary, TSDictionaryRelationId},
	{"text search parser", migrate_sql_ts_parser, TSParserRelationId},
	{"text search template", migrate_sql_ts_template, TSTemplateRelationId},
	{"transform", migrate_sql_transform, TransformRelationId},
	{"trigger", migrate_sql_trigger, TriggerRelationId, RelationRelationId},
	{"type", migrate_sql_type, TypeRelationId},
	{"user mapping", migrate_sql_user_mapping, UserMappingRelationId, ForeignServerRelationId,.common_query = migrate_sql_common_user_mapping},
	{"view", migrate_sql_view, RelationRelationId},
	{NULL}
};
