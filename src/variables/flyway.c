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
 * Flyway: ${name} everywhere, in any letter case.  Liquibase: the same, in this
 * case, and a reference without a value stays as it is.
 */
void
migrate_substitute_flyway(MigrateSubstitution *s, bool liquibase)
{
	const char *p = s->sql;
	const char *end = NULL;		/* the first brace after the last reference */

	while ((p = migrate_find_text(p, "${")) != NULL)
	{
		const char *name = p + 2;
		const MigrateVariable *var;

		CHECK_FOR_INTERRUPTS();
		if (end == NULL || end < name)
			end = strchr(name, '}');
		if (end == NULL)
		{
			if (!liquibase)
				migrate_refuse_reference(s, p, "\"${\" without \"}\"", NULL);
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
			migrate_substitute_value(s, p, end + 1, var->value);
		p = end + 1;
	}
}
