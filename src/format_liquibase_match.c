/*-------------------------------------------------------------------------
 *
 * format_liquibase_match.c
 *	  Which changesets of Liquibase are for this database.
 *
 * A changeset has an expression of contexts, and the caller names the
 * contexts that there are (migrate.contexts); it has a list of labels, and
 * the caller gives an expression of them (migrate.labels).  Where the caller
 * says nothing, everything is for this database, except for what begins with
 * "@".  Case does not matter.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_liquibase.h"

#include "miscadmin.h"

typedef struct Expression
{
	const char *text;			/* for messages */
	const char *place;
	const char *p;
	List	   *items;			/* of char *: those names are true */
} Expression;

static bool eval_or(Expression *e);

static void
bad_expression(const Expression *e, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("invalid expression \"%s\" in %s", e->text, e->place),
			 errdetail_internal("%s", detail)));
}

static void
skip_space(Expression *e)
{
	while (mig_lb_is_space(*e->p))
		e->p++;
}

/* The length of a word that begins here. */
static size_t
word_length(const char *p)
{
	const char *start = p;

	while (*p && !mig_lb_is_space(*p) && *p != ',' && *p != '(' && *p != ')')
		p++;
	return p - start;
}

static bool
at_word(const Expression *e, const char *word)
{
	size_t		len = strlen(word);

	return word_length(e->p) == len && pg_strncasecmp(e->p, word, len) == 0;
}

static bool
take_word(Expression *e, const char *word)
{
	if (!at_word(e, word))
		return false;
	e->p += strlen(word);
	return true;
}

/* A name without the "@" that says that it must be asked for. */
static const char *
bare(const char *name)
{
	return *name == '@' ? name + 1 : name;
}

/* A name may have blanks in it; an operator ends it. */
static bool
eval_name(Expression *e)
{
	const char *start = e->p;
	const char *end = start;
	char	   *name;
	ListCell   *lc;

	while (word_length(e->p) > 0 && (end == start || (!at_word(e, "and") && !at_word(e, "or"))))
	{
		e->p += word_length(e->p);
		end = e->p;
		skip_space(e);
	}
	if (end == start)
		bad_expression(e, "A name is missing.");

	name = pnstrdup(start, end - start);
	foreach(lc, e->items)
	{
		if (pg_strcasecmp(bare((char *) lfirst(lc)), bare(name)) == 0)
			return true;
	}
	return false;
}

static bool
eval_not(Expression *e)
{
	bool		result;

	check_stack_depth();
	skip_space(e);
	if (*e->p == '@' && (e->p[1] == '!' || mig_lb_is_space(e->p[1])))
	{
		e->p++;
		skip_space(e);
	}
	if (*e->p == '!')
	{
		e->p++;
		return !eval_not(e);
	}
	if (take_word(e, "not"))
		return !eval_not(e);
	if (*e->p != '(')
		return eval_name(e);

	e->p++;
	result = eval_or(e);
	if (*e->p != ')')
		bad_expression(e, "A closing parenthesis is missing.");
	e->p++;
	skip_space(e);
	return result;
}

static bool
eval_and(Expression *e)
{
	bool		result = eval_not(e);

	while (take_word(e, "and"))
		result &= eval_not(e);
	return result;
}

/* A comma is an "or". */
static bool
eval_or(Expression *e)
{
	bool		result = eval_and(e);

	for (;;)
	{
		if (*e->p == ',')
		{
			e->p++;
			skip_space(e);
			if (*e->p == '\0' || *e->p == ',')
				continue;		/* nothing stands between the commas */
		}
		else if (!take_word(e, "or"))
			return result;
		result |= eval_and(e);
	}
}

/* Does an expression hold if those names are true and all others false? */
static bool
evaluate(const char *text, List *items, const char *place)
{
	Expression	e = {text, place, text, items};
	bool		result = eval_or(&e);

	if (*e.p != '\0')
		bad_expression(&e, "An operator is missing, or a parenthesis is too many.");
	return result;
}

/* The parts of a list separated by commas, trimmed, without empty ones. */
static List *
split_list(const char *text)
{
	List	   *result = NIL;

	while (*text)
	{
		const char *end = text + strcspn(text, ",");
		const char *from = text;
		const char *to = end;

		while (from < to && mig_lb_is_space(*from))
			from++;
		while (to > from && mig_lb_is_space(to[-1]))
			to--;
		if (to > from)
			result = lappend(result, pnstrdup(from, to - from));
		text = *end ? end + 1 : end;
	}
	return result;
}

static bool
is_blank_text(const char *text)
{
	while (mig_lb_is_space(*text))
		text++;
	return *text == '\0';
}

/* Must something in the expression or list be asked for? */
static bool
has_required(const char *text)
{
	const char *p;

	for (p = strchr(text, '@'); p; p = strchr(p + 1, '@'))
	{
		if (p == text || mig_lb_is_space(p[-1]) || strchr(",(!", p[-1]))
			return true;
	}
	return false;
}

static bool
has_item(List *items, const char *prefix, const char *name)
{
	size_t		len = strlen(prefix);
	ListCell   *lc;

	foreach(lc, items)
	{
		const char *item = lfirst(lc);

		if (strncmp(item, prefix, len) == 0 && pg_strcasecmp(item + len, name) == 0)
			return true;
	}
	return false;
}

/* Is a list of databases, "!" before those that are left out, of this one? */
static bool
dbms_matches(const char *dbms)
{
	List	   *items = split_list(dbms);
	ListCell   *lc;

	if (items == NIL || has_item(items, "", "all"))
		return true;
	if (has_item(items, "", "none") || has_item(items, "!", "postgresql"))
		return false;
	if (has_item(items, "", "postgresql"))
		return true;
	foreach(lc, items)
	{
		if (*(char *) lfirst(lc) != '!')
			return false;
	}
	return true;
}

/*
 * mig_lb_matches
 *		Is a changeset for this database?  If not, *reason says why.
 *
 * Raises ERRCODE_MIG_BAD_FILE for an expression that cannot be read.
 */
bool
mig_lb_matches(const MigLbFilter *filter, const char *place, char **reason)
{
	List	   *contexts = split_list(mig_contexts);
	ListCell   *lc;

	if (filter->ignore)
	{
		*reason = pstrdup("it is to be ignored");
		return false;
	}
	if (filter->dbms && !dbms_matches(filter->dbms))
	{
		*reason = psprintf("dbms %s", filter->dbms);
		return false;
	}
	foreach(lc, filter->contexts)
	{
		const char *text = lfirst(lc);

		if (is_blank_text(text))
			continue;
		/* read it in any case: a mistake is not to come up in production */
		if (!evaluate(text, contexts, place) &&
			(contexts != NIL || has_required(text)))
		{
			*reason = psprintf("context %s", text);
			return false;
		}
	}
	foreach(lc, filter->labels)
	{
		const char *text = lfirst(lc);
		List	   *labels = split_list(text);

		if (labels == NIL)
			continue;
		if (is_blank_text(mig_labels) ? has_required(text) :
			!evaluate(mig_labels, labels, "migrate.labels"))
		{
			*reason = psprintf("labels %s", text);
			return false;
		}
	}
	return true;
}
