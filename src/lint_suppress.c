/*-------------------------------------------------------------------------
 *
 * lint_suppress.c
 *	  Comments by which an author suppresses findings.
 *
 * Our own is "-- migrate:ignore RULE[, RULE...] REASON", for the statement that
 * it precedes, is in or stands behind, and migrate:ignore-file for the script.
 * Those of squawk, eugene and Atlas are read as these tools read them; codes
 * of theirs that mean no rule of ours are passed over.
 *
 * Pure: no catalogs, no locks, any transaction state.  Memory is the caller's
 * current context.
 *
 *-------------------------------------------------------------------------
 */
#include "lint.h"
#include "lines.h"

#include "nodes/bitmapset.h"

#define UNUSED "unused-ignore"
#define NO_REASON "ignore-without-reason"

#define is_space(c) ((c) == ' ' || ((c) >= '\t' && (c) <= '\r'))

/* What comments begin with, and what an empty list of names means. */
typedef struct Dialect
{
	const char *word;
	const char *file;			/* the same for a whole file, or NULL */
	bool		ours;
} Dialect;

static const Dialect dialects[] = {
	{"migrate:ignore", "migrate:ignore-file", true},
	{"squawk-ignore", "squawk-ignore-file", false},
	{"eugene: ignore", NULL, false},
	{"atlas:nolint", NULL, false}
};

#define ATLAS (&dialects[3])

/* What another tool's code means here: a rule, or a group. */
typedef struct Code
{
	const char *code;
	const char *rule;
} Code;

static const Code codes[] = {
	/* squawk, where the name is another one, or means more than it does here */
	{"adding-field-with-default", "serial-rewrite"},
	{"ban-alter-domain-with-add-constraint", "alter-domain-scan"},
	{"ban-truncate-cascade", "ban-truncate"},
	{"constraint-missing-not-valid", "adding-foreign-key-constraint"},
	{"constraint-missing-not-valid", "adding-serial-primary-key-field"},
	{"constraint-missing-not-valid", "disallowed-unique-constraint"},
	{"constraint-missing-not-valid", "exclusion-constraint"},
	{"prefer-big-int", "prefer-bigint-over-int"},
	{"prefer-big-int", "prefer-bigint-over-smallint"},
	{"prefer-repack", "table-rewrite"},
	{"prefer-timestamptz", "prefer-timestamp-tz"},
	{"require-timeout-settings", "require-lock-timeout"},
	{"require-timeout-settings", "require-statement-timeout"},
	/* eugene */
	{"E1", "constraint-missing-not-valid"},
	{"E1", "adding-foreign-key-constraint"},
	{"E1", "inline-check-scan"},
	{"E2", "adding-not-nullable-field"},
	{"E3", "json-column"},
	{"E4", "statement-after-access-exclusive"},
	{"E5", "changing-column-type"},
	{"E6", "require-concurrent-index-creation"},
	{"E7", "disallowed-unique-constraint"},
	{"E7", "adding-serial-primary-key-field"},
	{"E8", "exclusion-constraint"},
	{"E9", "require-lock-timeout"},
	{"E10", "adding-field-with-default"},
	{"E10", "changing-column-type"},
	{"E10", "constrained-domain-column"},
	{"E11", "adding-field-with-default"},
	{"E11", "serial-rewrite"},
	{"E15", "fk-without-index"},
	{"W14", "pk-using-nullable-index"},
	/* Atlas: analyzers, then what they find */
	{"destructive", "ban-drop-schema"},
	{"destructive", "ban-drop-table"},
	{"destructive", "ban-drop-column"},
	{"data_depend", "disallowed-unique-constraint"},
	{"data_depend", "adding-required-field"},
	{"data_depend", "adding-not-nullable-field"},
	{"constraint_delete", "drop-fk-locks-parent"},
	{"incompatible", "renaming-table"},
	{"incompatible", "renaming-column"},
	{"concurrent_index", "require-concurrent-index-creation"},
	{"concurrent_index", "require-concurrent-index-deletion"},
	{"concurrent_index", "no-transaction-command"},
	{"DS101", "ban-drop-schema"},
	{"DS102", "ban-drop-table"},
	{"DS103", "ban-drop-column"},
	{"MF101", "disallowed-unique-constraint"},
	{"MF102", "disallowed-unique-constraint"},
	{"MF103", "adding-required-field"},
	{"MF104", "adding-not-nullable-field"},
	{"CD101", "drop-fk-locks-parent"},
	{"BC101", "renaming-table"},
	{"BC102", "renaming-column"},
	{"PG101", "require-concurrent-index-creation"},
	{"PG102", "require-concurrent-index-deletion"},
	{"PG103", "no-transaction-command"},
	{"PG104", "adding-serial-primary-key-field"},
	{"PG105", "disallowed-unique-constraint"},
	{"PG301", "changing-column-type"},
	{"PG302", "adding-field-with-default"},
	{"PG303", "adding-not-nullable-field"},
	{"PG304", "adding-serial-primary-key-field"},
	{"PG304", "pk-using-nullable-index"},
	{"PG305", "constraint-missing-not-valid"},
	{"PG306", "adding-foreign-key-constraint"},
	{"PG309", "adding-field-with-default"},
	{"PG310", "serial-rewrite"},
};

/* One name in a comment's list. */
typedef struct Named
{
	const char *spelling;
	Bitmapset  *rules;			/* indexes in mig_rules; NULL: none */
	bool		used;
} Named;

typedef struct Ignore
{
	const Dialect *dialect;
	int			offset;			/* of the comment */
	bool		whole;			/* for all of the script */
	bool		used;			/* something, where it names nothing */
	bool		reason;			/* it says why */
	List	   *names;			/* of Named *; NIL: everything */
} Ignore;

struct MigIgnores
{
	List	   *all;			/* of Ignore *, in the text's order */
	List	   *whole;			/* ... those for the script */
	List	  **statements;		/* ... those for one, by its index */
	int			nstatements;
};

/* A cheap look for what hardly any text has. */
static bool
may_suppress(const char *text)
{
	for (; *text; text++)
	{
		if (((*text == 'i' || *text == 'I') && pg_strncasecmp(text, "ignore", 6) == 0) ||
			((*text == 'n' || *text == 'N') && pg_strncasecmp(text, "nolint", 6) == 0))
			return true;
	}
	return false;
}

static void
skip_space(const char **p, const char *end)
{
	while (*p < end && is_space(**p))
		(*p)++;
}

/* What follows a word with which a text begins, or NULL. */
static const char *
after_word(const char *p, const char *end, const char *word)
{
	int			len = word ? strlen(word) : 0;

	if (len == 0 || end - p < len || pg_strncasecmp(p, word, len) != 0 ||
		(p + len < end && !is_space(p[len])))
		return NULL;
	return p + len;
}

static Named *
add_name(Ignore *ignore, const char *start, const char *end, const MigRule **room)
{
	Named	   *name = palloc0(sizeof(Named));
	int			n;
	int			i;

	name->spelling = pnstrdup(start, end - start);
	n = mig_rules_named(name->spelling, room);
	for (i = 0; i < n; i++)
		name->rules = bms_add_member(name->rules, room[i] - mig_rules);
	for (i = 0; i < lengthof(codes) && !ignore->dialect->ours; i++)
	{
		const MigRule *rule;

		if (pg_strcasecmp(codes[i].code, name->spelling) == 0 &&
			(rule = mig_rule_find(codes[i].rule)) != NULL)
			name->rules = bms_add_member(name->rules, rule - mig_rules);
	}
	ignore->names = lappend(ignore->names, name);
	return name;
}

/* Names up to one that no comma follows; what is left is a reason. */
static void
read_ours(Ignore *ignore, const char *p, const char *end, const MigRule **room)
{
	bool		more = true;

	for (skip_space(&p, end); more && p < end; skip_space(&p, end))
	{
		const char *start = p;

		while (p < end && !is_space(*p) && *p != ',')
			p++;
		if (p > start)
			add_name(ignore, start, p, room);
		skip_space(&p, end);
		more = p < end && *p == ',';
		p += more;
	}
	ignore->reason = p < end;
}

/* Names with commas or blanks between them, up to more dashes. */
static void
read_theirs(Ignore *ignore, const char *p, const char *end, const MigRule **room)
{
	while (p < end)
	{
		const char *start = p;

		while (p < end && !is_space(*p) && *p != ',')
			p++;
		if (p - start >= 2 && start[0] == '-' && start[1] == '-')
			break;
		if (p > start)
			add_name(ignore, start, p, room);
		else
			p++;
	}
}

/* A comment, without what begins and ends it, if it suppresses something. */
static Ignore *
read_comment(const char *text, const MigComment *comment, const MigRule **room)
{
	const char *p = text + comment->start + 2;
	const char *end = text + comment->end;
	const char *rest;
	int			i;

	if (text[comment->start] == '/')
		end -= 2;
	while (end > p && is_space(end[-1]))
		end--;
	skip_space(&p, end);
	for (i = 0; i < lengthof(dialects); i++)
	{
		const Dialect *dialect = &dialects[i];
		const char *whole = after_word(p, end, dialect->file);
		Ignore	   *ignore;

		rest = whole ? whole : after_word(p, end, dialect->word);
		if (rest == NULL)
			continue;
		ignore = palloc0(sizeof(Ignore));
		ignore->dialect = dialect;
		ignore->offset = comment->start;
		ignore->whole = whole != NULL;
		if (dialect->ours)
			read_ours(ignore, rest, end, room);
		else
			read_theirs(ignore, rest, end, room);
		return ignore;
	}
	return NULL;
}

static bool
has_newline(const char *text, int from, int to)
{
	return from < to && memchr(text + from, '\n', to - from) != NULL;
}

static bool
has_blank_line(const char *text, int from, int to)
{
	const char *p = text + from;

	while (p < text + to && (p = memchr(p, '\n', text + to - p)) != NULL)
	{
		p++;
		while (p < text + to && is_space(*p) && *p != '\n')
			p++;
		if (p < text + to && *p == '\n')
			return true;
	}
	return false;
}

static int
statement_start(const MigStatement *stmt)
{
	return stmt->source_start + stmt->start;
}

static int
statement_end(const MigStatement *stmt)
{
	return statement_start(stmt) + stmt->len;
}

/*
 * mig_ignores_read
 *		The comments of a script that suppress something, or NULL.
 */
MigIgnores *
mig_ignores_read(const MigParsed *parsed)
{
	const char *text = parsed->script->text;
	MigIgnores *ignores;
	MigComments comments;
	const MigRule **room;
	int			len;
	int			next = 0;		/* index of the first statement behind */
	int			i;

	if (!may_suppress(text))
		return NULL;
	len = strlen(text);
	room = palloc(sizeof(MigRule *) * mig_nrules);
	ignores = palloc0(sizeof(MigIgnores));
	ignores->nstatements = parsed->nstmts;
	ignores->statements = palloc_extended(sizeof(List *) * (parsed->nstmts + 1),
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	mig_find_comments(text, &comments);
	for (i = 0; i < comments.n; i++)
	{
		const MigComment *comment = &comments.items[i];
		const MigStatement *before;
		Ignore	   *ignore;
		int			next_start;
		int			statement;

		if (comment->end < comment->start + 2)
			continue;
		ignore = read_comment(text, comment, room);
		if (ignore == NULL)
			continue;
		while (next < parsed->nstmts && statement_start(&parsed->stmts[next]) <= comment->start)
			next++;
		before = next > 0 ? &parsed->stmts[next - 1] : NULL;
		next_start = next < parsed->nstmts ? statement_start(&parsed->stmts[next]) : len;

		/* rows of a COPY are none */
		if (before && before->data && text + comment->start >= before->data &&
			text + comment->start < before->data + before->data_len)
			continue;

		ignores->all = lappend(ignores->all, ignore);
		if (ignore->dialect == ATLAS && before == NULL)
			ignore->whole = has_blank_line(text, comment->end, next_start);
		if (ignore->whole)
		{
			ignores->whole = lappend(ignores->whole, ignore);
			continue;
		}
		statement = next;
		if (before && (comment->start < statement_end(before) ||
					   ((next == parsed->nstmts || has_newline(text, comment->end, next_start)) &&
						!has_newline(text, statement_end(before), comment->start))))
			statement--;
		if (statement < parsed->nstmts)
			ignores->statements[statement] = lappend(ignores->statements[statement], ignore);
	}
	return ignores->all ? ignores : NULL;
}

static bool
match_list(List *list, int rule)
{
	bool		result = false;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, list)
	{
		Ignore	   *ignore = (Ignore *) lfirst(lc);

		if (ignore->names == NIL && !ignore->dialect->ours)
			ignore->used = result = true;
		foreach(lc2, ignore->names)
		{
			Named	   *name = (Named *) lfirst(lc2);

			if (bms_is_member(rule, name->rules))
				name->used = result = true;
		}
	}
	return result;
}

/*
 * mig_ignores_match
 *		Is a rule's finding about a statement (-1: the script) suppressed?
 */
bool
mig_ignores_match(MigIgnores *ignores, int statement, const MigRule *rule)
{
	bool		whole;

	if (ignores == NULL)
		return false;
	whole = match_list(ignores->whole, rule - mig_rules);

	/* each that would have done it counts as used */
	return (statement >= 0 && statement < ignores->nstatements &&
			match_list(ignores->statements[statement], rule - mig_rules)) || whole;
}

static MigIgnoreProblem *
add_problem(List **problems, const Ignore *ignore, const char *rule)
{
	MigIgnoreProblem *problem = palloc0(sizeof(MigIgnoreProblem));

	problem->offset = ignore->offset;
	problem->rule = rule;
	*problems = lappend(*problems, problem);
	return problem;
}

/* Is any of the rules that a name means on? */
static bool
is_on(const Named *name, const MigSeverity *severities)
{
	int			rule = -1;

	while ((rule = bms_next_member(name->rules, rule)) >= 0)
	{
		if (severities[rule] != MIG_SEVERITY_OFF)
			return true;
	}
	return false;
}

/* Names of a list that are not known, or have suppressed nothing. */
static char *
list_names(const Ignore *ignore, bool unknown, const MigSeverity *severities)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, ignore->names)
	{
		const Named *name = (const Named *) lfirst(lc);

		if (unknown ? name->rules == NULL : !name->used && is_on(name, severities))
			appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "", name->spelling);
	}
	return buf.len > 0 ? buf.data : NULL;
}

static void
check_ignore(const Ignore *ignore, const MigSeverity *severities, List **problems)
{
	bool		ours = ignore->dialect->ours;
	const char *where = ignore->whole ? "in this script" : "about this statement";
	MigIgnoreProblem *problem;
	char	   *names;

	if (ours && (names = list_names(ignore, true, severities)) != NULL)
	{
		problem = add_problem(problems, ignore, UNUSED);
		problem->message = psprintf("there is no rule \"%s\"", names);
		problem->why = "The comment suppresses nothing by it.";
		problem->advice = "migrate_lint_rules() lists the rules and their groups; rules are separated by commas, and a reason follows them.";
	}
	if ((names = list_names(ignore, false, severities)) != NULL)
	{
		problem = add_problem(problems, ignore, UNUSED);
		problem->message = psprintf("nothing is found that \"%s %s\" would suppress",
									ignore->whole && ignore->dialect->file ?
									ignore->dialect->file : ignore->dialect->word, names);
		problem->why = psprintf("These rules have found nothing %s.", where);
		problem->advice = "Take it out, so that it does not hide what comes later.";
	}
	if (ignore->names == NIL && ours)
	{
		problem = add_problem(problems, ignore, UNUSED);
		problem->message = "a suppression that names no rule";
		problem->why = "It suppresses nothing.";
		problem->advice = "Write the rules behind it, separated by commas, and then the reason.";
	}
	else if (ignore->names == NIL && !ignore->used)
	{
		problem = add_problem(problems, ignore, UNUSED);
		problem->message = psprintf("nothing is found that \"%s\" would suppress",
									ignore->whole && ignore->dialect->file ?
									ignore->dialect->file : ignore->dialect->word);
		problem->why = psprintf("No rule has found anything %s.", where);
		problem->advice = "Take it out, so that it does not hide what comes later.";
	}
	else if (ours && !ignore->reason)
	{
		problem = add_problem(problems, ignore, NO_REASON);
		problem->message = "a suppression without a reason";
		problem->why = "Who reads it later cannot know why this is safe here.";
		problem->advice = "Write the reason behind the rules.";
	}
}

/* Does a comment for the script name a rule about comments? */
static bool
is_hidden(MigIgnores *ignores, const char *name)
{
	const MigRule *rule = mig_rule_find(name);
	bool		result = false;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, ignores->whole)
	{
		foreach(lc2, ((Ignore *) lfirst(lc))->names)
		{
			Named	   *named = (Named *) lfirst(lc2);

			if (rule && bms_is_member(rule - mig_rules, named->rules))
				named->used = result = true;
		}
	}
	return result;
}

/*
 * mig_ignores_problems
 *		What is wrong with the comments once the script has been gone through:
 *		a List of MigIgnoreProblem *, in the text's order.
 */
List *
mig_ignores_problems(MigIgnores *ignores, const MigSeverity *severities)
{
	List	   *problems = NIL;
	List	   *result = NIL;
	bool		unused_hidden;
	bool		reason_hidden;
	ListCell   *lc;

	if (ignores == NULL)
		return NIL;
	unused_hidden = is_hidden(ignores, UNUSED);
	reason_hidden = is_hidden(ignores, NO_REASON);
	foreach(lc, ignores->all)
		check_ignore((const Ignore *) lfirst(lc), severities, &problems);
	foreach(lc, problems)
	{
		MigIgnoreProblem *problem = (MigIgnoreProblem *) lfirst(lc);

		if (!(strcmp(problem->rule, UNUSED) == 0 ? unused_hidden : reason_hidden))
			result = lappend(result, problem);
	}
	return result;
}
