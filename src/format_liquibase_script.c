/*-------------------------------------------------------------------------
 *
 * format_liquibase_script.c
 *	  The script of a changeset: between the lines of the changelog and what
 *	  the server's parser can read; and back, to what Liquibase has hashed.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_liquibase.h"

#define DELIMITER_MARK ";-- endDelimiter:"	/* stands for one, in a script */

/*
 * mig_lb_delimiter
 *		The characters of an endDelimiter, without those that say "on its
 *		own line".
 */
char *
mig_lb_delimiter(const char *path, int line, const char *name, const char *value)
{
	size_t		len;

	if (strncmp(value, "\\n", 2) == 0)
		value += 2;
	len = strlen(value);
	if (len > 2 && strcmp(value + len - 2, "\\n") == 0)
		len -= 2;
	if (len == 0 || strcspn(value, "'\"$\\|-*[](){}?+^.") < len)
		mig_lb_bad(path, line,
				   psprintf("unsupported %s \"%s\"", name, value),
				   "Supported are words and signs such as GO, / and // without a meaning in SQL or in a regular expression.");
	return pnstrdup(value, len);
}

static bool
is_separate(const char *start, const char *p, size_t len, const char *end)
{
	if (!mig_lb_is_word(*p))
		return true;
	return (p == start || !mig_lb_is_word(p[-1])) && (p + len == end || !mig_lb_is_word(p[len]));
}

/* Where a delimiter is in a line, or NULL; of several, the last. */
static const char *
find_delimiter(const MigLines *lines, const char *end, const char *delimiter)
{
	size_t		len = strlen(delimiter);
	const char *p;

	if (strcmp(delimiter, "/") == 0)
	{
		p = mig_lb_skip_space(lines->start, end);
		return lines->top && p + 1 == end && *p == '/' ? p : NULL;
	}
	for (p = end - len; p >= lines->start; p--)
	{
		if (pg_strncasecmp(p, delimiter, len) == 0 && is_separate(lines->start, p, len, end))
			return p;
	}
	return NULL;
}

/*
 * The text of a script as the server's parser can read it: other delimiters
 * than the semicolon have become one, the delimiter in a comment behind it.
 */
char *
mig_lb_script(const char *path, int number, const char *text, bool split,
			  const char *delimiter, bool up)
{
	bool		rewrite = split && (delimiter == NULL || delimiter[strspn(delimiter, ";")] != '\0');
	MigLines	lines;
	StringInfoData buf;
	const char *done = text;
	bool		block = false;

	initStringInfo(&buf);
	mig_lines_begin(&lines, text, psprintf("file \"%s\"", path));
	lines.number = number - 1;
	for (;;)
	{
		MigLexical	before = lines.state;
		const char *mark = NULL;
		const char *end;

		if (!mig_lines_next(&lines))
			break;
		if (up)
		{
			MigLbLine	line = {lines.start, lines.end, lines.next, lines.number};
			const char *rest;
			MigLbKind	kind = block ? LINE_SQL : mig_lb_classify(&line, &rest);

			if (kind != LINE_SQL && (before == IN_STRING || before == IN_IDENTIFIER))
				mig_bad_line(&lines, lines.number, "directive inside a literal",
							 "Liquibase takes the line out of the literal, which must not depend on the tool.");
			if (kind == LINE_ROLLBACK_BLOCK && !lines.top)
				mig_bad_line(&lines, lines.number, "rollback inside a literal or a comment",
							 "The comment must begin between two statements.");
			if (kind == LINE_ROLLBACK_BLOCK)
				block = true;
			else if (block && mig_lb_ends_block(&line, &rest))
			{
				block = false;
				if (lines.state != IN_SQL)
					mig_bad_line(&lines, lines.number, "comment inside a rollback's comment",
								 "Liquibase ends the rollback here, PostgreSQL does not: comments nest.");
				continue;
			}
			if (block)
				continue;
		}
		if (!rewrite || !lines.code || (!lines.top && lines.state != IN_SQL))
			continue;

		end = lines.end;
		while (end > lines.start && mig_lb_is_space(end[-1]))
			end--;
		if (delimiter)
			mark = find_delimiter(&lines, end, delimiter);
		else if (lines.top)
		{
			const char *start = mig_lb_skip_space(lines.start, end);

			if ((end - start == 1 && *start == '/') ||
				(end - start == 2 && pg_strncasecmp(start, "go", 2) == 0))
				mark = start;
		}
		if (mark == NULL)
			continue;
		if (delimiter && (mark + strlen(delimiter) != end || lines.state != IN_SQL ||
						  find_delimiter(&lines, mark, delimiter)))
			mig_bad_line(&lines, lines.number,
						 psprintf("endDelimiter \"%s\" inside a line", delimiter),
						 "It is supported only where it ends a line: statements end where PostgreSQL's own parser sees the end.");
		appendBinaryStringInfo(&buf, done, mark - done);
		appendStringInfo(&buf, "%s%.*s", DELIMITER_MARK, (int) (end - mark), mark);
		done = end;
	}
	appendStringInfoString(&buf, done);
	return buf.data;
}

/*
 * mig_liquibase_body
 *		What Liquibase takes for the SQL of a changeset, given its up script:
 *		the lines that are no directives.  palloc'd.
 */
char *
mig_liquibase_body(const char *up_text)
{
	StringInfoData buf;
	MigLbLine	line = {.next = up_text};
	bool		block = false;
	bool		ignoring = false;
	long		ignore = 0;
	const char *start;

	initStringInfo(&buf);
	while (mig_lb_next_line(&line))
	{
		const char *rest;
		const char *mark;
		const char *p;
		MigLbKind	kind;

		if (block)
		{
			block = !mig_lb_ends_block(&line, &rest);
			continue;
		}
		if (ignore > 0)
		{
			ignore--;
			continue;
		}
		kind = mig_lb_classify(&line, &rest);
		if (kind == LINE_IGNORE)
		{
			if (ignoring || strncmp(rest, "start", 5) == 0)
				ignoring = strncmp(rest, "end", 3) != 0;
			else
				ignore = atol(rest);
			continue;
		}
		if (kind == LINE_ROLLBACK_BLOCK)
			block = true;
		if (ignoring || (kind != LINE_SQL && kind != LINE_FIRST &&
						 kind != LINE_INCLUDE && kind != LINE_INCLUDE_ALL))
			continue;

		mark = NULL;
		for (p = line.start; p + strlen(DELIMITER_MARK) < line.end; p++)
		{
			if (*p == ';' && strncmp(p, DELIMITER_MARK, strlen(DELIMITER_MARK)) == 0)
				mark = p;
		}
		if (mark)
		{
			appendBinaryStringInfo(&buf, line.start, mark - line.start);
			line.start = mark + strlen(DELIMITER_MARK);
		}
		appendBinaryStringInfo(&buf, line.start, line.end - line.start);
		appendStringInfoChar(&buf, '\n');
	}
	start = buf.data;
	while (*start && (unsigned char) *start <= ' ')
		start++;
	while (buf.len > start - buf.data && (unsigned char) buf.data[buf.len - 1] <= ' ')
		buf.len--;
	return pnstrdup(start, buf.len - (start - buf.data));
}
