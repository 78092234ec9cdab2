/*-------------------------------------------------------------------------
 *
 * lint_level.c
 *	  How severe a rule's findings are, and how much an effect is in the way.
 *
 * Severities are those of the rules, unless migrate.lint_rules says another;
 * levels of availability depend on migrate.lint_rows and migrate.lint_size.
 *
 * Locks nothing; any transaction state but for a relation's size, which may
 * have to be looked up.
 *
 *-------------------------------------------------------------------------
 */
#include "lint.h"

#include "catalog/pg_class.h"
#include "utils/guc.h"

#define is_space(c) ((c) == ' ' || (c) == '\t' || (c) == '\n' || (c) == '\r')

static const char *const severity_names[] = {"off", "info", "warning", "error"};
static const char *const level_names[] = {"none", "low", "medium", "high"};
static const char *const axis_names[] = {"availability", "data", "failure", "style"};

const char *
mig_severity_name(MigSeverity severity)
{
	return severity_names[severity];
}

const char *
mig_level_name(MigLevel level)
{
	return level_names[level];
}

const char *
mig_axis_name(MigAxis axis)
{
	return axis_names[axis];
}

/*
 * mig_relkind_name
 *		What a kind of relation is called.
 */
const char *
mig_relkind_name(char kind)
{
	switch (kind)
	{
		case RELKIND_RELATION:
			return "table";
		case RELKIND_PARTITIONED_TABLE:
			return "partitioned table";
		case RELKIND_INDEX:
			return "index";
		case RELKIND_PARTITIONED_INDEX:
			return "partitioned index";
		case RELKIND_VIEW:
			return "view";
		case RELKIND_MATVIEW:
			return "materialized view";
		case RELKIND_SEQUENCE:
			return "sequence";
		case RELKIND_FOREIGN_TABLE:
			return "foreign table";
		case RELKIND_TOASTVALUE:
			return "TOAST table";
		case RELKIND_COMPOSITE_TYPE:
			return "composite type";
		default:
			return "relation";
	}
}

static int
compare_rule(const void *name, const void *rule)
{
	return strcmp((const char *) name, ((const MigRule *) rule)->name);
}

/*
 * mig_rule_find
 *		The rule of a name, or NULL.
 */
const MigRule *
mig_rule_find(const char *name)
{
	return bsearch(name, mig_rules, mig_nrules, sizeof(MigRule), compare_rule);
}

/*
 * mig_rules_named
 *		The rules that a name means, which may be that of a group; how many.
 *		There is room for all in the array.
 */
int
mig_rules_named(const char *name, const MigRule **rules)
{
	const MigRule *rule = mig_rule_find(name);
	int			n = 0;
	int			i;

	if (rule)
	{
		rules[0] = rule;
		return 1;
	}
	for (i = 0; i < mig_nrules; i++)
	{
		if (strcmp(mig_rules[i].group, name) == 0)
			rules[n++] = &mig_rules[i];
	}
	return n;
}

/* One item name=severity of the list; what is wrong with it, or NULL. */
static char *
read_item(const char *start, const char *end, bool groups, MigSeverity *severities,
		  bool *graded)
{
	const MigRule **rules = palloc(sizeof(MigRule *) * mig_nrules);
	const char *sign = memchr(start, '=', end - start);
	const char *name_end = sign;
	char	   *name;
	char	   *value;
	int			severity;
	int			n;
	int			i;

	if (sign == NULL)
		return psprintf("\"%s\" is not of the form name=severity.",
						pnstrdup(start, end - start));
	while (name_end > start && is_space(name_end[-1]))
		name_end--;
	name = pnstrdup(start, name_end - start);
	for (sign++; sign < end && is_space(*sign); sign++)
		;
	value = pnstrdup(sign, end - sign);
	for (severity = 0; severity < lengthof(severity_names); severity++)
	{
		if (pg_strcasecmp(value, severity_names[severity]) == 0)
			break;
	}
	if (severity == lengthof(severity_names))
		return psprintf("\"%s\" is no severity: they are off, info, warning and error.",
						value);
	n = mig_rules_named(name, rules);
	if (n == 0)
		return psprintf("There is no rule or group of rules \"%s\".", name);

	/* a rule's own severity comes before its group's, wherever they stand */
	if (groups == (mig_rule_find(name) == NULL))
	{
		for (i = 0; i < n; i++)
		{
			severities[rules[i] - mig_rules] = severity;
			graded[rules[i] - mig_rules] = true;
		}
	}
	pfree(rules);
	return NULL;
}

static char *
read_items(const char *list, bool groups, MigSeverity *severities, bool *graded)
{
	char	   *problem = NULL;

	while (*list && problem == NULL)
	{
		const char *start = list;
		const char *end = list + strcspn(list, ",");

		list = *end ? end + 1 : end;
		while (start < end && is_space(*start))
			start++;
		while (end > start && is_space(end[-1]))
			end--;
		if (start < end)
			problem = read_item(start, end, groups, severities, graded);
	}
	return problem;
}

/*
 * Severities in force by a setting, and which of them are from it; returns what
 * is wrong with that, or NULL.
 */
static char *
read_setting(const char *setting, MigSeverity *severities, bool *graded)
{
	char	   *problem;
	int			i;

	for (i = 0; i < mig_nrules; i++)
	{
		severities[i] = mig_rules[i].severity;
		graded[i] = false;
	}
	problem = read_items(setting, true, severities, graded);
	return problem ? problem : read_items(setting, false, severities, graded);
}

/*
 * mig_check_lint_rules
 *		Check hook of migrate.lint_rules.
 *
 * What comes from a file, a database or a role is accepted and refused when it
 * is used: a default in its place would pass what was to be refused.
 */
bool
mig_check_lint_rules(char **value, void **extra, GucSource source)
{
	char	   *problem;

	if (source < PGC_S_INTERACTIVE)
		return true;
	problem = read_setting(*value, palloc(sizeof(MigSeverity) * mig_nrules),
						   palloc(sizeof(bool) * mig_nrules));
	if (problem)
		GUC_check_errdetail("%s", problem);
	return problem == NULL;
}

/*
 * mig_rule_severities
 *		The severities in force, in the order of the rules, palloc'd; and which
 *		of them are not the rules' own.
 */
MigSeverity *
mig_rule_severities(bool *graded)
{
	MigSeverity *severities = palloc(sizeof(MigSeverity) * mig_nrules);
	char	   *problem = read_setting(mig_lint_rules, severities, graded);

	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for parameter \"%s\": \"%s\"",
						"migrate.lint_rules", mig_lint_rules),
				 errdetail("%s", problem),
				 errhint("migrate_lint_rules() lists the rules and their groups.")));
	return severities;
}

/*
 * mig_rel_is_small
 *		Is a relation below both thresholds?  An index is as large as its
 *		table, because that is what is read to build it and who waits.
 */
bool
mig_rel_is_small(const MigRel *rel)
{
	if (rel->kind == RELKIND_INDEX || rel->kind == RELKIND_PARTITIONED_INDEX)
	{
		const MigRel *table = mig_index_table((MigRel *) rel);

		if (table != NULL)
			rel = table;
	}
	return rel->tuples < mig_lint_rows && rel->bytes < (int64) mig_lint_size * 1024;
}

/*
 * mig_level_of_effect
 *		How much what a statement does to one relation is in the way of others;
 *		for effects that lint keeps.
 */
MigLevel
mig_level_of_effect(const MigEffect *effect, int lock_timeout)
{
	LOCKMODE	mode = mig_effect_strongest(effect);

	if (!effect->rel->old || effect->rel->persistence == RELPERSISTENCE_TEMP ||
		mode <= RowExclusiveLock)
		return MIG_LEVEL_NONE;
	if (mode == ShareUpdateExclusiveLock)
		return MIG_LEVEL_LOW;
	/* REFRESH CONCURRENTLY: only others like it would wait */
	if (effect->rel->kind == RELKIND_MATVIEW && mode == ExclusiveLock)
		return MIG_LEVEL_LOW;
	if ((effect->scans || effect->rewrites || effect->builds) && !effect->empty)
		return effect->small ? MIG_LEVEL_MEDIUM : MIG_LEVEL_HIGH;
	return lock_timeout > 0 ? MIG_LEVEL_LOW : MIG_LEVEL_MEDIUM;
}
