/*-------------------------------------------------------------------------
 *
 * format_liquibase_lines.c
 *	  What Liquibase sees in the lines of a changelog in SQL.
 *
 * It looks at each line by itself, and does not know which ones are inside of
 * a literal.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_liquibase.h"

bool
mig_lb_next_line(MigLbLine *line)
{
	if (*line->next == '\0')
		return false;
	line->start = line->next;
	line->end = line->start + strcspn(line->start, "\r\n");
	line->next = line->end;
	if (*line->next == '\r')
		line->next++;
	if (*line->next == '\n')
		line->next++;
	line->number++;
	return true;
}

const char *
mig_lb_skip_space(const char *p, const char *end)
{
	while (p < end && mig_lb_is_space(*p))
		p++;
	return p;
}

/* What follows the word, in any case, or NULL. */
static const char *
after_word(const char *p, const char *end, const char *word)
{
	size_t		len = strlen(word);

	return p && (size_t) (end - p) >= len && pg_strncasecmp(p, word, len) == 0 ? p + len : NULL;
}

/* ... for "comment:? (.*)": a colon may follow, a blank must */
static const char *
after_title(const char *p, const char *end, const char *word)
{
	p = after_word(p, end, word);
	if (p && p < end && *p == ':')
		p++;
	return p && p < end && *p == ' ' ? p + 1 : NULL;
}

static bool
is_first_line(const char *p, const char *end)
{
	p = after_word(mig_lb_skip_space(p, end), end, "--");
	p = p ? after_word(mig_lb_skip_space(p, end), end, "liquibase") : NULL;
	return p && after_word(mig_lb_skip_space(p, end), end, "formatted");
}

static bool
is_space_at(const char *p, const char *end)
{
	return p < end && mig_lb_is_space(*p);
}

/*
 * mig_lb_identity
 *		"author":"id" or author:id; what follows them, or NULL if they are
 *		not there.
 */
const char *
mig_lb_identity(const char *p, const char *end, char **author, char **id)
{
	const char *start = p;
	const char *stop = NULL;

	if (p < end && *p == '"')
	{
		stop = memchr(p + 1, '"', end - p - 1);
		if (stop && (stop == p + 1 || stop + 1 >= end || stop[1] != ':'))
			stop = NULL;
		if (stop)
			stop++;
	}
	if (stop == NULL)
		stop = memchr(p, ':', end - p);
	if (stop == NULL || stop == start)
		return NULL;
	*author = pnstrdup(start, stop - start);

	start = p = stop + 1;
	stop = NULL;
	if (p < end && *p == '"')
	{
		stop = memchr(p + 1, '"', end - p - 1);
		if (stop == p + 1)
			stop = NULL;
		if (stop)
			stop++;
	}
	if (stop == NULL)
	{
		for (stop = p; stop < end && !mig_lb_is_space(*stop); stop++)
			;
	}
	if (stop == start)
		return NULL;
	*id = pnstrdup(start, stop - start);
	return stop;
}

/*
 * mig_lb_classify
 *		What Liquibase sees in the line; *rest is what follows the
 *		directive.
 */
MigLbKind
mig_lb_classify(const MigLbLine *line, const char **rest)
{
	const char *start = line->start;
	const char *end = line->end;
	const char *p = mig_lb_skip_space(start, end);
	const char *word;
	const char *after;
	char	   *author;
	char	   *id;

	*rest = NULL;
	if (p + 1 < end && p[0] == '/' && p[1] == '*')
	{
		after = after_word(mig_lb_skip_space(p + 2, end), end, "liquibase");
		after = after ? after_word(mig_lb_skip_space(after, end), end, "rollback") : NULL;
		return after && mig_lb_skip_space(after, end) == end ? LINE_ROLLBACK_BLOCK : LINE_SQL;
	}
	if (p == end || *p != '-')
		return LINE_SQL;
	if (p + 1 == end || p[1] != '-')
	{
		/* a dash is missing */
		*rest = "The line must begin with two dashes.";
		word = mig_lb_skip_space(p + 1, end);
		after = after_word(word, end, "property");
		if (after && is_space_at(after, end))
			return LINE_WRONG;
		after = p == start ? after_word(word, end, "changeset") : NULL;
		if ((after && is_space_at(after, end)) ||
			(p == start && after_word(word, end, "ignoreLines:")))
			return LINE_WRONG;
		after = after_word(word, end, "rollback");
		if ((after && is_space_at(after, end)) || after_word(word, end, "precondition") ||
			(p == start && (after_title(word, end, "comment") ||
							after_word(word, end, "validCheckSum"))))
			return LINE_WRONG_INSIDE;
		*rest = NULL;
		return LINE_SQL;
	}

	if (is_first_line(start, end))
		return LINE_FIRST;
	word = mig_lb_skip_space(p + 2, end);

	after = after_word(word, end, "property");
	if (after && is_space_at(after, end))
	{
		const char *colon = memchr(after, ':', end - after);

		*rest = after;
		if (colon && memchr(colon + 1, ':', end - colon - 1))
			return LINE_PROPERTY;
		*rest = "A property is written \"--property name:NAME value:VALUE\".";
		return LINE_WRONG;
	}
	after = after_word(word, end, "ignoreLines:");
	if (after)
	{
		*rest = after;
		while (after < end && mig_lb_is_word(*after))
			after++;
		if (p == start && after == end && after > *rest)
			return LINE_IGNORE;
		*rest = "It is written \"--ignoreLines:N\", \"--ignoreLines:start\" or \"--ignoreLines:end\", at the beginning of the line and with nothing behind it.";
		return LINE_WRONG;
	}
	after = p == start ? after_word(word, end, "ignore:") : NULL;
	if (after)
	{
		while (after < end && mig_lb_is_word(*after))
			after++;
		if (after == end)
		{
			*rest = "It is written \"--ignoreLines:N\", \"--ignoreLines:start\" or \"--ignoreLines:end\".";
			return LINE_WRONG;
		}
	}
	after = after_word(word, end, "changeset");
	if (after)
	{
		*rest = mig_lb_skip_space(after, end);
		if (*rest > after && mig_lb_identity(*rest, end, &author, &id))
			return LINE_CHANGESET;
		*rest = "A changeset begins with \"--changeset AUTHOR:ID\"; what has blanks in it is quoted by \"\", and none stand around the colon.";
		return LINE_WRONG;
	}
	if (p == start)
	{
		*rest = after_title(word, end, "comment");
		if (*rest)
			return LINE_COMMENT;
		if (after_title(word, end, "comments"))
		{
			*rest = "It is written \"--comment TEXT\".";
			return LINE_WRONG_INSIDE;
		}
		*rest = after_title(word, end, "validCheckSum");
		if (*rest)
			return LINE_CHECKSUM;
	}
	after = after_word(word, end, "rollback");
	if (after && after < end && *after == ' ')
	{
		*rest = after + 1;
		return LINE_ROLLBACK;
	}
	after = after_word(word, end, "rollbackSqlFile");
	if (after && is_space_at(after, end))
	{
		*rest = "A rollback in another file is not supported.";
		return LINE_WRONG_INSIDE;
	}
	*rest = after_word(word, end, "preconditions");
	if (*rest)
		return LINE_PRECONDITIONS;
	*rest = after_word(word, end, "precondition-");
	if (*rest && *rest < end && (mig_lb_is_word(**rest) || **rest == '-'))
		return LINE_PRECONDITION;
	after = after_word(word, end, "includeAll");
	if (after && is_space_at(after, end) && after_word(mig_lb_skip_space(after, end), end, "path:"))
	{
		*rest = after;
		return LINE_INCLUDE_ALL;
	}
	after = after_word(word, end, "include");
	if (after && is_space_at(after, end) && after_word(mig_lb_skip_space(after, end), end, "file:"))
	{
		*rest = after;
		return LINE_INCLUDE;
	}
	return LINE_SQL;
}

/*
 * mig_lb_ends_block
 *		Does a line end a "liquibase rollback" comment? *to: where its text
 *		does.
 */
bool
mig_lb_ends_block(const MigLbLine *line, const char **to)
{
	const char *end = line->end;

	while (end > line->start && mig_lb_is_space(end[-1]))
		end--;
	*to = end - 2;
	return end - line->start >= 2 && end[-2] == '*' && end[-1] == '/';
}

/*
 * mig_lb_ignore_lines
 *		Go behind lines that are to be ignored; false if it is not said
 *		which.
 */
bool
mig_lb_ignore_lines(MigLbLine *line, const char *rest)
{
	size_t		len = line->end - rest;

	if (len == 5 && strncmp(rest, "start", 5) == 0)
	{
		while (mig_lb_next_line(line))
		{
			if (mig_lb_classify(line, &rest) == LINE_IGNORE && line->end - rest == 3 &&
				strncmp(rest, "end", 3) == 0)
				return true;
		}
	}
	else
	{
		long		count;

		if (len > 6 || strspn(rest, "0123456789") < len)
			return false;
		count = atol(rest);
		while (count-- > 0 && mig_lb_next_line(line))
			;
	}
	return true;
}

/*
 * mig_lb_next_attribute
 *		The next one, or false; *p moves behind it. *value NULL: a word
 *		alone.
 */
bool
mig_lb_next_attribute(const char **p, const char *end, char **name, char **value)
{
	const char *start = mig_lb_skip_space(*p, end);
	const char *stop = start;

	if (start == end)
		return false;
	while (stop < end && !mig_lb_is_space(*stop) && *stop != ':')
		stop++;
	*name = pnstrdup(start, stop - start);
	*value = NULL;
	if (stop < end && *stop == ':')
	{
		start = ++stop;
		if (stop < end && *stop == '"' && memchr(stop + 1, '"', end - stop - 1))
		{
			start++;
			stop = memchr(start, '"', end - start);
			*value = pnstrdup(start, stop - start);
			stop++;
		}
		else
		{
			while (stop < end && !mig_lb_is_space(*stop))
				stop++;
			*value = pnstrdup(start, stop - start);
		}
	}
	*p = stop;
	return true;
}

/*
 * mig_lb_is_formatted
 *		Is the first line with something in it the one that says so?
 */
bool
mig_lb_is_formatted(const char *text)
{
	MigLbLine	line = {.next = text};

	while (mig_lb_next_line(&line))
	{
		if (mig_lb_skip_space(line.start, line.end) < line.end)
			return is_first_line(line.start, line.end);
	}
	return false;
}

/*
 * mig_lb_sql_includes
 *		The files and directories that a changelog in SQL includes, as nodes.
 */
List *
mig_lb_sql_includes(const MigFileEntry *entry)
{
	MigLbLine	line = {.next = entry->text};
	List	   *result = NIL;

	while (mig_lb_next_line(&line))
	{
		const char *rest;
		MigLbKind	kind = mig_lb_classify(&line, &rest);
		MigLbNode  *node;
		char	   *name;
		char	   *value;

		if (kind == LINE_CHANGESET)
			break;
		if (kind == LINE_IGNORE)
			(void) mig_lb_ignore_lines(&line, rest);
		if (kind != LINE_INCLUDE && kind != LINE_INCLUDE_ALL)
			continue;
		node = palloc0(sizeof(MigLbNode));
		node->name = kind == LINE_INCLUDE ? "include" : "includeAll";
		node->line = line.number;
		while (mig_lb_next_attribute(&rest, line.end, &name, &value))
		{
			MigLbNode  *child = palloc0(sizeof(MigLbNode));

			child->name = name;
			child->value = value;
			child->line = line.number;
			node->children = lappend(node->children, child);
		}
		result = lappend(result, node);
	}
	return result;
}

/*
 * mig_lb_warn_of_text_before
 *		Code before the first changeset is not run by Liquibase either.
 */
void
mig_lb_warn_of_text_before(const MigFileEntry *entry)
{
	MigLines	lines;

	mig_entry_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		MigLbLine	line = {lines.start, lines.end, lines.next, lines.number};
		const char *rest;
		MigLbKind	kind = mig_lb_classify(&line, &rest);

		if (kind == LINE_CHANGESET || kind == LINE_IGNORE)
			break;
		if (!lines.code)
			continue;
		ereport(WARNING,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("text before the first changeset in file \"%s\", line %d, is not run",
						entry->file->path, lines.number),
				 errdetail("Liquibase passes over it, too.")));
		break;
	}
}
