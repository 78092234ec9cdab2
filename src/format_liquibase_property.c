/*-------------------------------------------------------------------------
 *
 * format_liquibase_property.c
 *	  Properties of changelogs, and what they mean in a text.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_liquibase.h"

#include "utils/json.h"

#define MAX_EXPANSIONS 20

/* Names of properties are the same in any case. */
static char *
lower_case(const char *name)
{
	char	   *result = pstrdup(name);
	char	   *p;

	for (p = result; *p; p++)
		*p = pg_ascii_tolower((unsigned char) *p);
	return result;
}

static const MigLbProperty *
find_property(const MigLbRead *read, const MigFileEntry *entry, const char *name)
{
	const MigLbProperty *found = NULL;
	ListCell   *lc;

	foreach(lc, read->properties)
	{
		const MigLbProperty *property = lfirst(lc);

		if (pg_strcasecmp(property->name, name) != 0)
			continue;
		if (property->entry == entry)
			return property;
		if (property->entry == NULL)
			found = property;
	}
	return found;
}

/* Where the "${" that is next begins, with *name; *end is behind its brace. */
static const char *
next_variable(const char *p, char **name, const char **end)
{
	for (p = strstr(p, "${"); p; p = strstr(p + 1, "${"))
	{
		const char *from = p + 2;
		const char *to = from + strcspn(from, "${}");

		if (*to != '}')
			continue;
		*end = to + 1;
		while (from < to && mig_lb_is_space(*from))
			from++;
		while (to > from && mig_lb_is_space(to[-1]))
			to--;
		*name = pnstrdup(from, to - from);
		return p;
	}
	return NULL;
}

static char *
expand(const MigLbRead *read, const MigFileEntry *entry, const char *text, int depth)
{
	StringInfoData buf;
	const char *p;
	const char *end;
	char	   *name;

	if (strstr(text, "${") == NULL)
		return pstrdup(text);
	if (depth > MAX_EXPANSIONS)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("properties of file \"%s\" mean each other", entry->file->path),
				 errdetail("The last one is \"%s\".", text)));
	initStringInfo(&buf);
	while ((p = next_variable(text, &name, &end)) != NULL)
	{
		const MigLbProperty *property = find_property(read, entry, name);

		appendBinaryStringInfo(&buf, text, p - text);
		if (property)
			appendStringInfoString(&buf, expand(read, entry, property->value, depth + 1));
		else
			appendBinaryStringInfo(&buf, p, end - p);
		text = end;
	}
	appendStringInfoString(&buf, text);
	return buf.data;
}

/*
 * mig_lb_expand
 *		A text with the values of properties; what is none stays as it is.
 */
char *
mig_lb_expand(const MigLbRead *read, const MigFileEntry *entry, const char *text)
{
	return expand(read, entry, text, 0);
}

/*
 * mig_lb_variables
 *		How variables are written in a script: MigScript.variables.
 *
 * The values of the properties that it uses follow as a JSON object.
 */
const char *
mig_lb_variables(const MigLbRead *read, const MigFileEntry *entry, const char *text)
{
	StringInfoData buf;
	List	   *used = NIL;
	const char *end;
	char	   *name;

	if (strstr(text, "${") == NULL)
		return NULL;
	initStringInfo(&buf);
	appendStringInfoString(&buf, MIG_VARIABLES_LIQUIBASE);
	while ((text = next_variable(text, &name, &end)) != NULL)
	{
		const MigLbProperty *property = find_property(read, entry, name);

		text = end;
		if (property == NULL || list_member_ptr(used, property))
			continue;
		appendStringInfoString(&buf, used == NIL ? " {" : ", ");
		escape_json(&buf, lower_case(name));
		appendStringInfoString(&buf, ": ");
		escape_json(&buf, mig_lb_expand(read, entry, property->value));
		used = lappend(used, (void *) property);
	}
	if (used)
		appendStringInfoChar(&buf, '}');
	return buf.data;
}

/*
 * mig_lb_set_property
 *		Define a property for what follows, in this file or in all, unless it
 *		is for another database or was defined before.
 */
void
mig_lb_set_property(MigLbRead *read, const MigFileEntry *entry, int line,
					const char *name, const char *value, const MigLbFilter *filter,
					bool global)
{
	MigLbProperty *property;
	ListCell   *lc;
	char	   *reason;

	if (name == NULL || *name == '\0' || value == NULL)
		mig_lb_bad(entry->file->path, line, "property without a name or a value",
				   "A property has a name and a value.");
	if (value[strcspn(value, "\r\n")] != '\0')
		mig_lb_bad(entry->file->path, line,
				   psprintf("several lines in the value of property \"%s\"", name),
				   "A value must be one line, so that the lines of a script keep their numbers.");
	if (!mig_lb_matches(filter, psprintf("file \"%s\"", entry->file->path), &reason))
		return;
	foreach(lc, read->properties)
	{
		property = lfirst(lc);
		if (pg_strcasecmp(property->name, name) == 0 &&
			property->entry == (global ? NULL : entry))
			return;
	}
	property = palloc(sizeof(MigLbProperty));
	property->name = pstrdup(name);
	property->value = pstrdup(value);
	property->entry = global ? NULL : entry;
	read->properties = lappend(read->properties, property);
}
