/*-------------------------------------------------------------------------
 *
 * river.c
 *		Names in comments, as in River.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/variables/river.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "util/lines.h"
#include "variables/variables_int.h"

/*
 * River (sqltemplate.go) has variables in comments, so that a file without values
 * is SQL as well; it is not if they are in a string.  One without a value is
 * replaced by nothing.
 */
void
migrate_substitute_river(MigrateSubstitution *s)
{
	static const char begin[] = "/* TEMPLATE: ";
	static const char end[] = " */";
	const char *p = s->sql;

	while ((p = migrate_find_text(p, begin)) != NULL)
	{
		const char *name = p + strlen(begin);
		const MigrateVariable *var;
		int			n = 0;

		CHECK_FOR_INTERRUPTS();
		while (migrate_is_variable_char(name[n]))
			n++;
		if (n > 0 && strncmp(name + n, end, strlen(end)) == 0)
		{
			var = migrate_find_variable(s, p, name, n, false);
			if (!s->lenient)
				migrate_substitute_value(s, p, name + n + strlen(end), var ? var->value : "");
		}
		p = name;
	}
}
