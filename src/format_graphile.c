/*-------------------------------------------------------------------------
 *
 * format_graphile.c
 *	  Files of graphile-migrate.
 *
 * A committed migration begins with headers that say its hash, which is over
 * the rest of it and the hash of the one before.  What is not committed yet is
 * no migration.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"
#include "tools.h"

#include "mb/pg_wchar.h"

#define BLANKS " \t\n\v\f\r"	/* what the tool trims */
#define NO_TRANSACTION "no-transaction"

static MigFit
graphile_recognise(const MigFileEntry *entry)
{
	if (!entry->sql)
		return FIT_NO;
	if (mig_has_comment(entry, "! Previous:"))
		return FIT_SURE;

	/* what lies beside "committed" */
	return strcmp(entry->base, "current.sql") == 0 ||
		strcmp(entry->base, "afterReset.sql") == 0 ||
		strcmp(entry->parent, "current") == 0 ||
		strcmp(entry->parent, "fixtures") == 0 ? FIT_POSSIBLE : FIT_NO;
}

/* Say it if there is something in what is not committed. */
static void
check_current(const MigFileEntry *entry)
{
	MigLines	lines;

	if (strcmp(entry->base, "current.sql") != 0 &&
		strcmp(entry->parent, "current") != 0)
		return;
	mig_entry_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		if (lines.code)
		{
			ereport(NOTICE,
					(errmsg("file \"%s\" is not committed and was skipped",
							entry->file->path)));
			return;
		}
	}
}

/*
 * mig_graphile_read
 *		What the headers of a committed migration say; false if there are none.
 *
 * The results are palloc'd.  previous is NULL for the first one; body is what
 * is hashed and run, without blanks around it.
 */
bool
mig_graphile_read(const char *text, MigGraphile *graphile)
{
	MigLines	lines;
	const char *end;

	memset(graphile, 0, sizeof(*graphile));
	mig_lines_begin(&lines, text, "committed migration");
	while (mig_lines_next(&lines))
	{
		const char *word = lines.start + strlen("--! ");
		const char *colon;
		char	   *key;
		char	   *value;

		if (strncmp(lines.start, "--! ", strlen("--! ")) != 0 ||
			*word < 'A' || *word > 'Z')
			break;
		colon = memchr(word, ':', lines.end - word);
		key = mig_copy_trimmed(word, colon ? colon : lines.end);
		value = colon ? mig_copy_trimmed(colon + 1, lines.end) : pstrdup("");
		if (strcmp(key, "Previous") == 0)
		{
			graphile->has_previous = true;
			graphile->previous = strcmp(value, "-") == 0 ? NULL : value;
		}
		else if (strcmp(key, "Hash") == 0)
			graphile->hash = value;
		else if (strcmp(key, "Message") == 0)
			graphile->message = value;
		else if (strcmp(key, "AllowInvalidHash") == 0)
			graphile->any_hash = true;
		graphile->lines = lines.number;
		text = lines.next;
	}
	text += strspn(text, BLANKS);
	end = text + strlen(text);
	while (end > text && strchr(BLANKS, end[-1]))
		end--;
	graphile->body = pnstrdup(text, end - text);
	return graphile->has_previous && graphile->hash != NULL;
}

/* With line ends as the tool has them. */
static char *
without_returns(const char *text)
{
	char	   *result = palloc(strlen(text) + 1);
	char	   *to = result;

	for (; *text; text++)
	{
		if (text[0] != '\r' || text[1] != '\n')
			*to++ = *text;
	}
	*to = '\0';
	return result;
}

static char *
hash_of(const char *previous, const char *body)
{
	char	   *text = psprintf("%s%s%s\n", previous ? previous : "",
								previous && *body ? "\n" : "", body);

	return psprintf("sha1:%s",
					mig_sum_hex(pg_server_to_any(text, strlen(text), PG_UTF8), PG_SHA1));
}

/*
 * mig_graphile_hash
 *		The hash of a migration that follows one with the hash previous, or
 *		none; of the body as mig_graphile_read() gives it.
 */
char *
mig_graphile_hash(const char *previous, const char *body)
{
	return hash_of(previous, without_returns(body));
}

static void
check_hash(const MigFileEntry *entry, const MigGraphile *graphile)
{
	char	   *hash = mig_graphile_hash(graphile->previous, graphile->body);

	if (!graphile->any_hash && strcmp(hash, graphile->hash) != 0 &&
		strcmp(hash_of(graphile->previous, graphile->body), graphile->hash) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_HASH),
				 errmsg("file \"%s\" is not what its hash says",
						entry->file->path),
				 errdetail("The header has %s, the text %s.",
						   graphile->hash, hash),
				 errhint("Bring back the text that was committed, or add the header \"--! AllowInvalidHash\" if the change is meant.")));
}

static void
read_committed(const MigFileEntry *entry, MigSource *source)
{
	MigGraphile graphile;
	MigLines	lines;
	size_t		len = strspn(entry->base, "0123456789");
	const char *word;

	if (len == 0 || (entry->base[len] != '-' && entry->base[len] != '.'))
		mig_bad_name(entry);
	source->version = pnstrdup(entry->base, len);

	mig_entry_lines(&lines, entry);
	if (!mig_graphile_read(entry->text, &graphile))
		mig_bad_line(&lines, graphile.lines + 1, "no proper headers",
					 "The file must begin with lines \"--! Previous:\" and \"--! Hash:\".");
	while (lines.number <= graphile.lines && mig_lines_next(&lines))
		;
	if (lines.number == graphile.lines + 1 && lines.end > lines.start)
		mig_bad_line(&lines, lines.number, "no empty line after the headers",
					 "It ends them.");
	check_hash(entry, &graphile);

	if (entry->base[len] == '-')
		source->name = pnstrdup(entry->base + len + 1,
								strlen(entry->base) - len - 1 - strlen(".sql"));
	if (source->name == NULL || source->name[0] == '\0')
		source->name = graphile.message && graphile.message[0] ?
			graphile.message : source->version;

	/* as its first line */
	word = graphile.body;
	if (strncmp(word, "--!", 3) == 0)
	{
		word = mig_skip_blanks(word + 3);
		if (pg_strncasecmp(word, NO_TRANSACTION, strlen(NO_TRANSACTION)) == 0)
			source->up.no_transaction = true;
	}
	source->up.text = pstrdup(entry->text);
	source->up.path = entry->file->path;
	source->up.line = 1;
	source->up.variables = MIG_VARIABLES_GRAPHILE;
	mig_leading_directives(source, &source->up, entry->text, false);
}

static List *
graphile_read_list(const MigFileEntry *entry)
{
	MigSource  *source;

	if (graphile_recognise(entry) != FIT_SURE)
	{
		check_current(entry);
		return NIL;
	}
	source = palloc0(sizeof(MigSource));
	source->kind = MIG_KIND_VERSIONED;
	read_committed(entry, source);
	return list_make1(source);
}

/* The tool pads numbers to one length. */
static int
compare_numbers(const ListCell *a, const ListCell *b)
{
	return strcmp(((const MigSource *) lfirst(a))->version,
				  ((const MigSource *) lfirst(b))->version);
}

/* Each must follow the one before. */
static List *
graphile_finish(List *entries, List *sources)
{
	const MigSource *before = NULL;
	char	   *hash = NULL;
	ListCell   *lc;

	list_sort(sources, compare_numbers);
	foreach(lc, sources)
	{
		const MigSource *source = lfirst(lc);
		MigGraphile graphile;

		mig_graphile_read(source->up.text, &graphile);
		if (before == NULL ? graphile.previous != NULL :
			graphile.previous == NULL || strcmp(graphile.previous, hash) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_HASH),
					 errmsg("file \"%s\" does not follow the one before it",
							source->up.path),
					 before ?
					 errdetail("It says that the one before has the hash %s, but that of \"%s\" is %s.",
							   graphile.previous ? graphile.previous : "-",
							   before->up.path, hash) :
					 errdetail("It says that the one before has the hash %s, but there is none.",
							   graphile.previous),
					 errhint("Bring back the file that is missing, or commit the migration again.")));
		hash = graphile.hash;
		before = source;
	}
	return sources;
}

const MigFormat mig_format_graphile = {
	.name = "graphile-migrate",
	.files = "committed/<number>-<name>.sql",
	.mark = "--! Previous:",
	.scattered = true,
	.recognise = graphile_recognise,
	.read_list = graphile_read_list,
	.finish = graphile_finish
};
