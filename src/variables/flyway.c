/*-------------------------------------------------------------------------
 *
 * flyway.c
 *		${name}, as in Flyway and Liquibase.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/variables/flyway.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "util/lines.h"
#include "variables/variables_int.h"

/*
 * Flyway: ${name} everywhere, in any letter case, perhaps with another prefix and suffix.
 * Liquibase: the same, in this case, and a reference without a value stays as it is.
 */
void
migrate_substitute_flyway(MigrateSubstitution *s, MigrateSyntax syntax)
{
	const char *prefix = syntax.prefix ? syntax.prefix : "${";
	const char *suffix = syntax.prefix ? syntax.suffix : "}";
	bool		liquibase = syntax.kind == SYNTAX_LIQUIBASE;
	const char *p = s->sql;
	const char *end = NULL;		/* the first suffix after the last reference */

	while ((p = migrate_find_text(p, prefix)) != NULL)
	{
		const char *name = p + strlen(prefix);
		const MigrateVariable *var;

		CHECK_FOR_INTERRUPTS();
		if (end == NULL || end < name)
			end = migrate_find_text(name, suffix);
		if (end == NULL)
		{
			if (!liquibase)
				migrate_refuse_reference(s, p, psprintf("\"%s\" without \"%s\"", prefix, suffix), NULL);
			return;
		}
		var = migrate_find_variable(s, p, name, end - name, !liquibase);
		if (var == NULL && liquibase)
		{
			p = name;
			continue;
		}
		if (var == NULL)
			migrate_refuse_undefined(s, p, name, end - name, NULL);
		else
			migrate_substitute_value(s, p, end + strlen(suffix), var->value);
		p = end + strlen(suffix);
	}
}
