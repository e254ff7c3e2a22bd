/*-------------------------------------------------------------------------
 *
 * tern.c
 *		Variables of tern's templates: {{.name}}.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/variables/tern.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "util/lines.h"
#include "variables/variables_int.h"

/*
 * Substitute variables in a text of tern, everywhere: in literals and comments, too.  Its
 * templates have been put in, so nothing else has two braces.
 */
void
migrate_substitute_tern(MigrateSubstitution *s)
{
	const char *p = s->sql;

	while ((p = migrate_find_text(p, "{{")) != NULL)
	{
		const char *name = p + 3;
		const MigrateVariable *var;
		int			length = 0;

		CHECK_FOR_INTERRUPTS();
		while (p[2] == '.' && migrate_is_variable_char(name[length]))
			length++;
		if (length == 0 || strncmp(name + length, "}}", 2) != 0)
		{
			migrate_refuse_reference(s, p, "unrecognized action of a template", NULL);
			p += 2;
			continue;
		}
		var = migrate_find_variable(s, p, name, length, false);
		if (var == NULL)
			migrate_refuse_undefined(s, p, name, length, NULL);
		else
			migrate_substitute_value(s, p, name + length + 2, var->value);
		p = name + length + 2;
	}
}
