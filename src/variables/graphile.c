/*-------------------------------------------------------------------------
 *
 * graphile.c
 *		:NAME, as in graphile-migrate.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/variables/graphile.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "variables/variables_int.h"

/*
 * graphile-migrate: :NAME everywhere, as a word; kept without a value.
 */
void
migrate_substitute_graphile(MigrateSubstitution *s)
{
	const char *p = s->sql;

	while ((p = strchr(p, ':')) != NULL)
	{
		const char *name = ++p;
		const MigrateVariable *var;

		CHECK_FOR_INTERRUPTS();
		while ((*p >= 'A' && *p <= 'Z') || (p > name && (isdigit((unsigned char) *p) || *p == '_')))
			p++;
		if (p - name < 2 || (*p >= 'a' && *p <= 'z'))
			continue;
		var = migrate_find_variable(s, name - 1, name, p - name, false);
		if (var != NULL)
			migrate_substitute_value(s, name - 1, p, var->value);
	}
}
