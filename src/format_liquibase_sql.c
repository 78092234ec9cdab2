/*-------------------------------------------------------------------------
 *
 * format_liquibase_sql.c
 *	  Changelogs of Liquibase in SQL: files of changesets.
 *
 * What Liquibase takes for a directive is taken for one here too, so that an
 * id, a checksum and a rollback are what they are there.  Directives are
 * comments, and stay in the scripts.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_liquibase.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#define NAME_LENGTH 200

/* A script that is made of parts of its file, which keep their lines. */
typedef struct Parts
{
	StringInfoData text;
	int			first;			/* line of text's beginning; 0: nothing yet */
	int			line;			/* line that text ends in */
} Parts;

/* The changeset that is being read. */
typedef struct Changeset
{
	MigSource  *source;
	int			line;
	const char *body;			/* where the next line begins */
	const char *path;			/* its own, which Liquibase knows it by */
	MigLbFilter filter;
	bool		split;
	char	   *delimiter;
	bool		rollback_split;
	char	   *rollback_delimiter;
	char	   *comment;
	List	   *ignored;		/* of const char *: from, to, from, to ... */
	Parts		down;
	Parts		check;
	int			preconditions;	/* line of --preconditions */
	bool		always;
	bool		on_change;
} Changeset;

typedef struct SqlFile
{
	MigLbRead  *read;
	const MigFileEntry *entry;
	const MigLbFilter *filter;	/* what includes it asks for */
	char	   *logical_path;	/* of the file, or NULL */
	Changeset  *changeset;		/* NULL: before the first */
} SqlFile;

/*
 * mig_lb_bad
 *		Refuse a line of a file; 0 if which one is not known.
 */
void
mig_lb_bad(const char *path, int line, const char *message, const char *advice)
{
	MigLines	lines = {0};

	if (line > 0)
	{
		lines.place = psprintf("file \"%s\"", path);
		mig_bad_line(&lines, line, message, advice);
	}
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("%s in file \"%s\"", message, path),
			 errdetail_internal("%s", advice)));
}

static char *
strip_quotes(char *text)
{
	size_t		len = strlen(text);

	if (len >= 2 && (*text == '"' || *text == '\'') && text[len - 1] == *text)
		return pnstrdup(text + 1, len - 2);
	return text;
}

static bool
bool_value(const SqlFile *file, int line, const char *name, const char *value)
{
	if (pg_strcasecmp(value, "true") == 0)
		return true;
	if (pg_strcasecmp(value, "false") != 0)
		mig_lb_bad(file->entry->file->path, line,
				   psprintf("invalid value \"%s\" of %s", value, name),
				   "It must be true or false; Liquibase takes everything else for false.");
	return false;
}

static void
read_property(SqlFile *file, const MigLbLine *line, const char *rest)
{
	MigLbFilter filter = {0};
	char	   *property = NULL;
	char	   *content = NULL;
	char	   *name;
	char	   *value;
	bool		global = true;

	while (mig_lb_next_attribute(&rest, line->end, &name, &value))
	{
		if (value && *value == '\0')
		{
			/* a blank may follow the colon */
			char	   *word;
			char	   *more;

			if (mig_lb_next_attribute(&rest, line->end, &word, &more))
				value = more ? psprintf("%s:%s", word, more) : word;
		}
		value = value ? mig_lb_expand(file->read, file->entry, value) : pstrdup("");
		if (pg_strcasecmp(name, "name") == 0)
			property = value;
		else if (pg_strcasecmp(name, "value") == 0)
			content = value;
		else if (pg_strcasecmp(name, "context") == 0 ||
				 pg_strcasecmp(name, "contextFilter") == 0)
			filter.contexts = list_make1(value);
		else if (pg_strcasecmp(name, "labels") == 0)
			filter.labels = list_make1(value);
		else if (pg_strcasecmp(name, "dbms") == 0)
			filter.dbms = value;
		else if (pg_strcasecmp(name, "global") == 0)
			global = bool_value(file, line->number, name, value);

		else
			mig_lb_bad(file->entry->file->path, line->number,
					   psprintf("unknown attribute \"%s\" of a property", name),
					   "A property has name, value, context, labels, dbms and global.");
	}
	mig_lb_set_property(file->read, file->entry, line->number, property, content,
						&filter, global);
}

/*
 * Identity.
 */

/*
 * mig_lb_version
 *		The version of a changeset.  Of the path only the file's name counts,
 *		because Liquibase's depends on where it was started.
 */
char *
mig_lb_version(const char *path, const char *id, const char *author)
{
	const char *slash = strrchr(path, '/');

	/*
	 * a version has no blanks at its ends: "--changeset bob :1" has in its
	 * author
	 */
	return psprintf("%s::%s::%s", slash ? slash + 1 : path,
					mig_copy_trimmed(id, id + strlen(id)),
					mig_copy_trimmed(author, author + strlen(author)));
}

/*
 * mig_lb_add
 *		The next changeset, with its version, in the order of changelogs.
 */
void
mig_lb_add(MigLbRead *read, MigSource *source, int line, const char *path,
		   const MigLbFilter *filter)
{
	const char *place = line > 0 ? psprintf("file \"%s\", line %d", path, line) :
		psprintf("file \"%s\"", path);
	char	   *reason = NULL;
	bool		skipped = !mig_lb_matches(filter, place, &reason);
	bool		found;
	MigLbSeen  *seen = hash_search(read->seen, &source->version, HASH_ENTER, &found);

	if (found && !seen->skipped && !skipped)
	{
		bool		same = strcmp(seen->source->up.path, path) == 0;

		ereport(ERROR,
				(errcode(ERRCODE_MIG_CONFLICT),
				 errmsg("second changeset \"%s\" in %s", source->version, place),
				 same ? errdetail("The first one is in the same file, before line %d.",
								  seen->source->up.line) :
				 errdetail("The first one is in file \"%s\", before line %d.",
						   seen->source->up.path, seen->source->up.line),
				 same ? errhint("Give one of them another id.") :
				 errhint("A changeset is known by its id, its author and the name of its file: rename one of the files, or give it a logicalFilePath.")));
	}
	if (!found || !skipped)
	{
		seen->source = source;
		seen->skipped = skipped;
	}
	if (skipped)
		read->filtered = lappend(read->filtered,
								 psprintf("%s (%s)", source->version, reason));
	else
	{
		read->sources = lappend(read->sources, source);
		source->place = list_length(read->sources);
	}
}

/* The next part, which stands in that line of the file. */
static void
add_part(Parts *parts, int line, const char *from, const char *to)
{
	if (parts->first == 0)
	{
		initStringInfo(&parts->text);
		parts->first = parts->line = line;
	}
	for (; parts->line < line; parts->line++)
		appendStringInfoChar(&parts->text, '\n');
	appendBinaryStringInfo(&parts->text, from, to - from);
}

/* The lines of a changeset; those that are to be ignored are empty. */
static char *
body_text(const Changeset *changeset, const char *end)
{
	StringInfoData buf;
	const char *done = changeset->body;
	int			i;

	initStringInfo(&buf);
	for (i = 0; i < list_length(changeset->ignored); i += 2)
	{
		const char *from = list_nth(changeset->ignored, i);
		const char *to = list_nth(changeset->ignored, i + 1);

		appendBinaryStringInfo(&buf, done, from - done);
		for (; from < to; from++)
		{
			if (*from == '\n' || *from == '\r')
				appendStringInfoChar(&buf, *from);
		}
		done = to;
	}
	appendBinaryStringInfo(&buf, done, end - done);
	return buf.data;
}

/*
 * Preconditions.
 */

static void
read_preconditions(SqlFile *file, const MigLbLine *line, const char *rest)
{
	Changeset  *changeset = file->changeset;
	const char *path = file->entry->file->path;
	char	   *name;
	char	   *value;

	if (changeset->preconditions || changeset->check.first)
		mig_lb_bad(path, line->number, "misplaced \"--preconditions\"",
				   "There is one such line, before all preconditions: Liquibase forgets those that come before it.");
	changeset->preconditions = line->number;
	while (mig_lb_next_attribute(&rest, line->end, &name, &value))
	{
		static const char *const fails[][2] = {
			{"HALT", MIG_CHECK_HALT}, {"CONTINUE", MIG_CHECK_SKIP},
			{"MARK_RAN", MIG_CHECK_MARK}, {"WARN", MIG_CHECK_WARN}
		};
		int			i;

		if (value == NULL)
			value = "";
		if (pg_strcasecmp(name, "onUpdateSQL") == 0 || pg_strcasecmp(name, "onSqlOutput") == 0)
			continue;
		for (i = 0; i < lengthof(fails); i++)
		{
			if (pg_strcasecmp(value, fails[i][0]) == 0)
				break;
		}
		if (pg_strcasecmp(name, "onFail") == 0 && i < lengthof(fails))
			changeset->source->check_fail = fails[i][1];
		else if (pg_strcasecmp(name, "onError") == 0 && i == 0)
			continue;
		else if (pg_strcasecmp(name, "onError") == 0)
			mig_lb_bad(path, line->number,
					   psprintf("unsupported value \"%s\" of onError", value),
					   "An error in a precondition always ends the run: only onError:HALT is supported.");
		else
			mig_lb_bad(path, line->number,
					   psprintf("invalid attribute \"%s:%s\" of preconditions", name, value),
					   "It is onFail, with HALT, CONTINUE, MARK_RAN or WARN, or onError:HALT.");
	}
}

/* The value of an attribute that is a plain name. */
static char *
precondition_name(const SqlFile *file, const MigLbLine *line, const char *value)
{
	const char *p;
	char	   *folded;

	for (p = value; mig_lb_is_word(*p); p++)
		;
	if (p == value || *p)
		mig_lb_bad(file->entry->file->path, line->number,
				   psprintf("invalid name \"%s\" in a precondition", value),
				   "It consists of letters, digits and underscores.");
	/* as Liquibase has it: a name in one case is one that was not quoted */
	folded = pstrdup(value);
	for (p = value; *p && !(*p >= 'a' && *p <= 'z'); p++)
		;
	if (*p == '\0')
	{
		char	   *q;

		for (q = folded; *q; q++)
			*q = pg_ascii_tolower((unsigned char) *q);
	}
	return folded;
}

static void
read_precondition(SqlFile *file, const MigLbLine *line, const char *rest)
{
	Changeset  *changeset = file->changeset;
	const char *path = file->entry->file->path;
	const char *stop = rest;
	char	   *type;
	char	   *body;
	char	   *sql = NULL;

	while (stop < line->end && (mig_lb_is_word(*stop) || *stop == '-'))
		stop++;
	type = pnstrdup(rest, stop - rest);
	if (stop < line->end && *stop != ' ')
		mig_lb_bad(path, line->number, psprintf("invalid precondition \"%s\"", type),
				   "A blank must follow its type.");
	body = mig_lb_expand(file->read, file->entry, mig_copy_trimmed(stop, line->end));

	if (strcmp(type, "sql-check") == 0)
	{
		const char *p = body;
		const char *from;
		const char *to;
		char	   *expected;
		size_t		len;

		if (pg_strncasecmp(p, "expectedResult:", 15) == 0)
			p += 15;
		from = p;
		if (*p == '\'' || *p == '"')
		{
			to = strchr(++from, *p);
			p = to ? to + 1 : p;
		}
		else
		{
			while (mig_lb_is_word(*p))
				p++;
			to = p;
		}
		if (to == NULL || to == from || *p != ' ')
			mig_lb_bad(path, line->number, "precondition that cannot be read",
					   "It is written \"--precondition-sql-check expectedResult:VALUE SELECT ...\".");
		expected = pnstrdup(from, to - from);
		sql = pstrdup(p + 1);
		len = strlen(sql);
		while (len > 0 && (mig_lb_is_space(sql[len - 1]) || sql[len - 1] == ';'))
			sql[--len] = '\0';
		if (strstr(sql, "--"))
			mig_lb_bad(path, line->number, "comment in a precondition",
					   "The whole query stands in one line.");
		/* concat() makes of a value what a client would see */
		sql = psprintf("SELECT pg_catalog.concat((%s)) OPERATOR(pg_catalog.=) %s;",
					   sql, quote_literal_cstr(expected));
	}
	else if (strcmp(type, "table-exists") == 0 || strcmp(type, "view-exists") == 0)
	{
		bool		table = *type == 't';
		const char *p = body;
		char	   *relation = NULL;
		char	   *schema = NULL;
		char	   *name;
		char	   *value;

		while (mig_lb_next_attribute(&p, body + strlen(body), &name, &value))
		{
			if (value && pg_strcasecmp(name, "schema") == 0)
				schema = precondition_name(file, line, value);
			else if (value && pg_strcasecmp(name, table ? "table" : "view") == 0)
				relation = precondition_name(file, line, value);
			else
				mig_lb_bad(path, line->number,
						   psprintf("unknown attribute \"%s\" of a precondition", name),
						   table ? "It is written \"--precondition-table-exists table:NAME schema:NAME\"." :
						   "It is written \"--precondition-view-exists view:NAME schema:NAME\".");
		}
		if (relation == NULL)
			mig_lb_bad(path, line->number, "precondition that cannot be read",
					   table ? "It is written \"--precondition-table-exists table:NAME schema:NAME\"." :
					   "It is written \"--precondition-view-exists view:NAME schema:NAME\".");
		sql = psprintf("SELECT EXISTS (SELECT FROM pg_catalog.pg_class c"
					   " JOIN pg_catalog.pg_namespace n"
					   " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
					   " WHERE n.nspname OPERATOR(pg_catalog.=) %s"
					   " AND c.relname OPERATOR(pg_catalog.=) %s"
					   " AND c.relkind OPERATOR(pg_catalog.=)"
					   " ANY ('%s'::pg_catalog.\"char\"[]));",
					   schema ? quote_literal_cstr(schema) : "pg_catalog.current_schema()",
					   quote_literal_cstr(relation), table ? "{r,p}" : "{v,m}");
	}
	else
		mig_lb_bad(path, line->number, psprintf("unsupported precondition \"%s\"", type),
				   "The preconditions are sql-check, table-exists and view-exists.");
	add_part(&changeset->check, line->number, sql, sql + strlen(sql));
}

/*
 * Changesets.
 */

/* As a migration's name: one line, not too long. */
static char *
make_name(const char *comment)
{
	char	   *name = mig_copy_trimmed(comment, comment + strlen(comment));
	char	   *p;

	name[pg_mbcliplen(name, strlen(name), NAME_LENGTH)] = '\0';
	for (p = name; *p; p++)
	{
		if ((unsigned char) *p < ' ' || *p == 0x7f)
			*p = ' ';
	}
	return name;
}

static bool
starts_with(const char *text, const char *word)
{
	return pg_strncasecmp(text, word, strlen(word)) == 0;
}

/* --rollback changesetId:x changesetAuthor:y changesetPath:z */
static void
roll_back_to(SqlFile *file, const char *text)
{
	Changeset  *changeset = file->changeset;
	const char *path = file->entry->file->path;
	const char *end = text + strlen(text);
	const char *id = NULL;
	const char *author = NULL;
	const char *other = changeset->path;
	const char *version;
	const MigLbSeen *seen;
	char	   *name;
	char	   *value;

	while (mig_lb_next_attribute(&text, end, &name, &value))
	{
		if (value && pg_strcasecmp(name, "changesetId") == 0)
			id = value;
		else if (value && pg_strcasecmp(name, "changesetAuthor") == 0)
			author = value;
		else if (value && pg_strcasecmp(name, "changesetPath") == 0)
			other = value;
	}
	if (id == NULL || author == NULL)
		mig_lb_bad(path, changeset->down.first, "rollback that cannot be read",
				   "It is written \"--rollback changesetId:ID changesetAuthor:AUTHOR\", on one line.");
	version = mig_lb_version(other, id, author);
	seen = hash_search(file->read->seen, &version, HASH_FIND, NULL);
	if (seen == NULL || seen->source->hole)
		mig_lb_bad(path, changeset->down.first,
				   psprintf("rollback to a changeset \"%s\" that %s", version,
							seen ? "is not written in SQL" : "is not there"),
				   "The changeset must come before this one.");
	changeset->source->down = seen->source->up;
}

static bool
contains_word(const char *text, const char *word)
{
	for (; *text; text++)
	{
		if (starts_with(text, word))
			return true;
	}
	return false;
}

/* The changeset that ends here. */
static void
end_changeset(SqlFile *file, const char *end)
{
	Changeset  *changeset = file->changeset;
	MigSource  *source;
	bool		no_transaction;
	char	   *body;

	if (changeset == NULL)
		return;
	source = changeset->source;
	no_transaction = source->up.no_transaction;
	body = body_text(changeset, end);
	if (*mig_liquibase_body(body) == '\0')
		mig_lb_bad(file->entry->file->path, changeset->line,
				   psprintf("changeset \"%s\" without SQL", source->version),
				   "At least a comment must follow its line.");
	source->up.path = file->entry->file->path;
	source->up.line = changeset->line + 1;
	source->up.text = mig_lb_script(file->entry->file->path, source->up.line, body, changeset->split,
									changeset->delimiter, true);
	source->up.variables = mig_lb_variables(file->read, file->entry, source->up.text);

	if (changeset->down.first)
	{
		char	   *text = changeset->down.text.data;
		const char *start = text;

		while (mig_lb_is_space(*start))
			start++;
		if (starts_with(start, "not required") || starts_with(start, "empty"))
			source->down.text = pstrdup("");
		else if (contains_word(start, "changesetid"))
			roll_back_to(file, start);
		else if (*start)
			source->down.text = mig_lb_script(file->entry->file->path, changeset->down.first, text,
											  changeset->rollback_split,
											  changeset->rollback_delimiter, false);
		if (source->down.text && source->down.path == NULL)
		{
			source->down.path = file->entry->file->path;
			source->down.line = changeset->down.first;
			source->down.variables = mig_lb_variables(file->read, file->entry,
													  source->down.text);
		}
		source->down.no_transaction = no_transaction;
	}
	if (changeset->check.first)
	{
		source->check.text = changeset->check.text.data;
		source->check.path = file->entry->file->path;
		source->check.line = changeset->check.first;
		if (source->check_fail == NULL)
			source->check_fail = MIG_CHECK_HALT;
	}
	else
		source->check_fail = NULL;
	if (changeset->always || changeset->on_change)
		source->kind = MIG_KIND_REPEATABLE;
	source->always = changeset->always;
	source->name = changeset->comment ? make_name(changeset->comment) : pstrdup("");
	if (*source->name == '\0')
		source->name = source->version;
	mig_lb_add(file->read, source, changeset->line, file->entry->file->path,
			   &changeset->filter);
	file->changeset = NULL;
}

static void
read_changeset_attribute(SqlFile *file, Changeset *changeset, const MigLbLine *line,
						 const char *name, char *value, char **id_path)
{
	static const char *const ignored[] = {
		"stripComments", "objectQuotingStrategy", "created"
	};
	const char *path = file->entry->file->path;
	int			i;

#define is(word) (pg_strcasecmp(name, word) == 0)
	for (i = 0; i < lengthof(ignored); i++)
	{
		if (is(ignored[i]))
			return;
	}
	value = mig_lb_expand(file->read, file->entry, value);
	if (is("runOnChange"))
		changeset->on_change = bool_value(file, line->number, name, value);
	else if (is("runAlways"))
		changeset->always = bool_value(file, line->number, name, value);
	else if (is("runInTransaction"))
		changeset->source->up.no_transaction = !bool_value(file, line->number, name, value);
	else if (is("splitStatements"))
		changeset->split = bool_value(file, line->number, name, value);
	else if (is("rollbackSplitStatements"))
		changeset->rollback_split = bool_value(file, line->number, name, value);
	else if (is("endDelimiter"))
		changeset->delimiter = value;
	else if (is("rollbackEndDelimiter"))
		changeset->rollback_delimiter = value;
	else if (is("context") || is("contextFilter"))
	{
		if (value[strspn(value, " ,")] != '\0')
			changeset->filter.contexts = lappend(list_copy(file->filter->contexts), value);
	}
	else if (is("labels"))
		changeset->filter.labels = lappend(list_copy(file->filter->labels), value);
	else if (is("dbms"))
		changeset->filter.dbms = value;
	else if (is("ignore"))
		changeset->filter.ignore |= bool_value(file, line->number, name, value);
	else if (is("logicalFilePath"))
	{
		if (*value)
			*id_path = value;
	}
	else if (is("failOnError"))
	{
		if (!bool_value(file, line->number, name, value))
			mig_lb_bad(path, line->number, "unsupported attribute \"failOnError:false\"",
					   "A migration that fails ends the run.");
	}
	else if (is("runWith"))
	{
		if (pg_strcasecmp(value, "jdbc") != 0)
			mig_lb_bad(path, line->number, psprintf("unsupported attribute \"runWith:%s\"", value),
					   "The server runs the script: there is no other program.");
	}
	else if (is("runWithSpoolFile") || is("runOrder"))
		mig_lb_bad(path, line->number, psprintf("unsupported attribute \"%s\"", name),
				   "Changesets run in the order of the changelog, in the server.");
	else
		mig_lb_bad(path, line->number, psprintf("unknown attribute \"%s\" of a changeset", name),
				   "A value with blanks in it is quoted by \"\".");
#undef is
}

static void
begin_changeset(SqlFile *file, const MigLbLine *line, const char *rest)
{
	const char *path = file->entry->file->path;
	Changeset  *changeset = palloc0(sizeof(Changeset));
	MigSource  *source = palloc0(sizeof(MigSource));
	char	   *id_path = file->logical_path ? file->logical_path : file->entry->file->path;
	bool		attributes = false;
	char	   *author;
	char	   *id;
	char	   *name;
	char	   *value;

	rest = mig_lb_identity(rest, line->end, &author, &id);
	author = mig_lb_expand(file->read, file->entry, strip_quotes(author));
	id = mig_lb_expand(file->read, file->entry, strip_quotes(id));
	if (id[strspn(id, ": ")] == '\0')
		mig_lb_bad(path, line->number, "changeset without an id",
				   "A changeset begins with \"--changeset AUTHOR:ID\".");

	source->kind = MIG_KIND_VERSIONED;
	source->format = mig_format_liquibase.name;
	changeset->source = source;
	changeset->line = line->number;
	changeset->body = line->next;
	changeset->filter = *file->filter;
	changeset->split = changeset->rollback_split = true;
	while (mig_lb_next_attribute(&rest, line->end, &name, &value))
	{
		if (value)
		{
			attributes = true;
			read_changeset_attribute(file, changeset, line, name, value, &id_path);
		}
		else if (attributes)	/* words before them are prose */
			mig_lb_bad(path, line->number,
					   psprintf("unknown attribute \"%s\" of a changeset", name),
					   "A value with blanks in it is quoted by \"\".");
	}
	if (changeset->split && changeset->delimiter)
		changeset->delimiter = *changeset->delimiter ?
			mig_lb_delimiter(path, line->number, "endDelimiter", changeset->delimiter) : NULL;
	if (changeset->rollback_split && changeset->rollback_delimiter)
		changeset->rollback_delimiter = *changeset->rollback_delimiter ?
			mig_lb_delimiter(path, line->number, "rollbackEndDelimiter",
							 changeset->rollback_delimiter) : NULL;
	changeset->path = mig_lb_expand(file->read, file->entry, id_path);
	source->version = mig_lb_version(changeset->path, id, author);
	file->changeset = changeset;
}

/*
 * Files.
 */

/* The parts of a "liquibase rollback" comment, up to its end. */
static void
read_block(SqlFile *file, MigLbLine *line)
{
	int			first = line->number;

	while (mig_lb_next_line(line))
	{
		const char *end;
		bool		last = mig_lb_ends_block(line, &end);

		if (!last)
			end = line->end;
		add_part(&file->changeset->down, line->number, line->start, end);
		if (last)
			return;
	}
	mig_lb_bad(file->entry->file->path, first, "unterminated rollback",
			   "The comment must end with \"*/\" at the end of a line.");
}

static void
read_line(SqlFile *file, MigLbLine *line)
{
	Changeset  *changeset = file->changeset;
	const char *start = line->start;
	int			number = line->number;
	const char *rest;
	MigLbKind	kind = mig_lb_classify(line, &rest);

	switch (kind)
	{
		case LINE_FIRST:
			{
				const char *p = line->start;
				char	   *name;
				char	   *value;

				while (mig_lb_next_attribute(&p, line->end, &name, &value))
				{
					if (value && *value && pg_strcasecmp(name, "logicalFilePath") == 0)
						file->logical_path = value;
				}
			}
			break;
		case LINE_PROPERTY:
			read_property(file, line, rest);
			break;
		case LINE_IGNORE:
			if (!mig_lb_ignore_lines(line, rest))
				mig_lb_bad(file->entry->file->path, number, "invalid directive \"--ignoreLines\"",
						   "It is written \"--ignoreLines:N\", \"--ignoreLines:start\" or \"--ignoreLines:end\".");
			if (changeset)
				changeset->ignored = lappend(lappend(changeset->ignored, (void *) start),
											 (void *) line->next);
			break;
		case LINE_CHANGESET:
			end_changeset(file, line->start);
			begin_changeset(file, line, rest);
			break;
		case LINE_WRONG:
		case LINE_WRONG_INSIDE:
			if (changeset || kind == LINE_WRONG)
				mig_lb_bad(file->entry->file->path, number, "invalid directive", rest);
			break;
		case LINE_COMMENT:
			if (changeset == NULL)
				mig_lb_bad(file->entry->file->path, number, "misplaced directive \"--comment\"",
						   "It belongs to a changeset.");
			changeset->comment = pnstrdup(rest, line->end - rest);
			break;
		case LINE_ROLLBACK:
			if (changeset)
				add_part(&changeset->down, number, rest, line->end);
			break;
		case LINE_ROLLBACK_BLOCK:
			if (changeset)
				read_block(file, line);
			break;
		case LINE_PRECONDITIONS:
			if (changeset)
				read_preconditions(file, line, rest);
			break;
		case LINE_PRECONDITION:
			if (changeset)
				read_precondition(file, line, rest);
			break;
		case LINE_SQL:
		case LINE_CHECKSUM:
		case LINE_INCLUDE:
		case LINE_INCLUDE_ALL:
			break;
	}
}

/*
 * mig_lb_read_sql
 *		The changesets of a file.
 */
void
mig_lb_read_sql(MigLbRead *read, const MigFileEntry *entry, const MigLbFilter *filter)
{
	SqlFile		file = {read, entry, filter, NULL, NULL};
	MigLbLine	line = {.next = entry->text};

	mig_lb_warn_of_text_before(entry);
	while (mig_lb_next_line(&line))
	{
		CHECK_FOR_INTERRUPTS();
		read_line(&file, &line);
	}
	end_changeset(&file, line.next);
}
