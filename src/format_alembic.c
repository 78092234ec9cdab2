/*-------------------------------------------------------------------------
 *
 * format_alembic.c
 *	  Revisions of Alembic: all of them holes, since they are Python.
 *
 * A revision says which others come before it, by assignments of constants
 * at the beginning of its file.  Those are read; no Python is run.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

#include "lib/pairingheap.h"
#include "miscadmin.h"

#define is_blank(c) ((c) == ' ' || (c) == '\t' || (c) == '\r' || (c) == '\f')
#define is_letter(c) \
	(((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') || \
	 (c) == '_' || IS_HIGHBIT_SET(c))

typedef struct Revision
{
	pairingheap_node node;		/* must be first */
	const MigFileEntry *entry;
	char	   *id;
	char	   *title;			/* first line of the module's string, or NULL */
	char	   *created;		/* as it is written, or "" */
	bool		follows;		/* down_revision was there */
	List	   *before;			/* of char *: revisions, as written */
	List	   *depends;		/* of char *: revisions or labels, as written */
	List	   *labels;			/* of char * */
	List	   *needs;			/* indexes of both, and none twice */
	List	   *followers;		/* indexes of those that need it */
	int			left;			/* how many of its needs have no place yet */
	int			place;			/* from 1; 0: it has none yet */
} Revision;

/* A revision's or label's name, and which one it is. */
typedef struct Named
{
	const char *key;
	int			index;
} Named;

/* Where we are in a text of Python. */
typedef struct Python
{
	const MigFileEntry *entry;
	const char *p;
	int			line;
} Python;

static bool
assigns(const char *text, const char *name)
{
	size_t		len = strlen(name);
	const char *p = text;

	for (; p != NULL; p = strchr(p, '\n'))
	{
		p += *p == '\n';
		if (strncmp(p, name, len) == 0)
		{
			const char *after = p + len + strspn(p + len, " \t");

			if (*after == '=' || *after == ':')
				return true;
		}
	}
	return false;
}

static bool
is_revision(const MigFileEntry *entry)
{
	return entry->language && strcmp(entry->language, "Python") == 0 &&
		entry->text && assigns(entry->text, "revision") &&
		assigns(entry->text, "down_revision");
}

static MigFit
alembic_recognise(const MigFileEntry *entry)
{
	return is_revision(entry) ? FIT_SURE : FIT_NO;
}

static bool
alembic_settings(const MigFileEntry *entry)
{
	/* whether it is a revision its text will say */
	return entry->language && strcmp(entry->language, "Python") == 0 &&
		(entry->text == NULL || is_revision(entry));
}

static bool
alembic_index(const MigFileEntry *entry)
{
	return strcmp(entry->base, "script.py.mako") == 0 ||
		strcmp(entry->base, "alembic.ini") == 0;
}

static List *
alembic_read_list(const MigFileEntry *entry)
{
	return NIL;					/* alembic_finish() looks at all together */
}

/*
 * Python.
 */

static void
bad_python(const Python *python, int line, const char *message, const char *advice)
{
	MigLines	lines;

	mig_entry_lines(&lines, python->entry);
	mig_bad_line(&lines, line, message, advice);
}

static void
bad_value(const Python *python, const char *name)
{
	bad_python(python, python->line, psprintf("unreadable value of %s", name),
			   "It must be a string, None, or a tuple or a list of strings: what is to be computed is not.");
}

static void
advance(Python *python)
{
	if (*python->p == '\n')
		python->line++;
	python->p++;
}

static void
skip_comment(Python *python)
{
	while (*python->p && *python->p != '\n')
		python->p++;
}

/*
 * Pass a string, standing at its first quote.  Returns where its content
 * begins, and its length.
 */
static const char *
skip_string(Python *python, size_t *len)
{
	char		quote = *python->p;
	int			nquotes = python->p[1] == quote && python->p[2] == quote ? 3 : 1;
	const char *start;

	python->p += nquotes;
	start = python->p;
	while (*python->p && (nquotes == 3 || *python->p != '\n'))
	{
		if (*python->p == '\\' && python->p[1])
			advance(python);
		else if (*python->p == quote &&
				 (nquotes == 1 || (python->p[1] == quote && python->p[2] == quote)))
		{
			*len = python->p - start;
			python->p += nquotes;
			return start;
		}
		advance(python);
	}
	*len = python->p - start;
	return start;
}

/* Pass a backslash by which the line goes on. */
static bool
skip_continuation(Python *python)
{
	size_t		len = strncmp(python->p, "\\\r\n", 3) == 0 ? 2 : 1;

	if (python->p[0] != '\\' || python->p[len] != '\n')
		return false;
	python->p += len;
	advance(python);
	return true;
}

/* Pass what may stand around a value: in brackets also line ends. */
static void
skip_space(Python *python, bool lines)
{
	for (;;)
	{
		if (is_blank(*python->p) || (lines && *python->p == '\n'))
			advance(python);
		else if (lines && *python->p == '#')
			skip_comment(python);
		else if (!skip_continuation(python))
			return;
	}
}

/* A string, None or a sequence of these, as a list of char *. */
static List *
read_value(Python *python, const char *name, bool inside)
{
	List	   *result = NIL;

	skip_space(python, inside);
	if ((*python->p == 'u' || *python->p == 'r') &&
		(python->p[1] == '\'' || python->p[1] == '"'))
		python->p++;
	if (*python->p == '\'' || *python->p == '"')
	{
		size_t		len;
		const char *start = skip_string(python, &len);
		char	   *value = pnstrdup(start, len);

		if (len == 0 || strpbrk(value, "\\\n\r") != NULL ||
			(python->p[-1] != '\'' && python->p[-1] != '"'))
			bad_value(python, name);
		return list_make1(value);
	}
	if (strncmp(python->p, "None", 4) == 0 && !is_letter(python->p[4]) &&
		!mig_is_digit(python->p[4]))
	{
		python->p += 4;
		return NIL;
	}
	if (!inside && (*python->p == '(' || *python->p == '['))
	{
		char		close = *python->p == '(' ? ')' : ']';

		python->p++;
		for (;;)
		{
			skip_space(python, true);
			if (*python->p == close)
				break;
			result = list_concat(result, read_value(python, name, true));
			skip_space(python, true);
			if (*python->p == ',')
				python->p++;
			else if (*python->p != close)
				bad_value(python, name);
		}
		python->p++;
		return result;
	}
	bad_value(python, name);
	return NIL;
}

/* After a name at the beginning of a line: is it assigned to? */
static bool
at_assignment(Python *python)
{
	int			nesting = 0;

	skip_space(python, false);
	if (*python->p == ':')
	{
		/* its type */
		while (*python->p && *python->p != '\n' && *python->p != '#' &&
			   (nesting > 0 || *python->p != '='))
		{
			if (*python->p == '[' || *python->p == '(')
				nesting++;
			else if (*python->p == ']' || *python->p == ')')
				nesting--;
			python->p++;
		}
	}
	if (*python->p != '=' || python->p[1] == '=')
		return false;
	python->p++;
	return true;
}

static void
read_assignment(Python *python, Revision *revision, const char *name)
{
	List	   *value;

	if (strcmp(name, "revision") != 0 && strcmp(name, "down_revision") != 0 &&
		strcmp(name, "depends_on") != 0 && strcmp(name, "branch_labels") != 0)
		return;
	if (!at_assignment(python))
		return;
	value = read_value(python, name, false);
	skip_space(python, false);
	if (*python->p && *python->p != '\n' && *python->p != '#' && *python->p != ';')
		bad_value(python, name);
	if (strcmp(name, "down_revision") == 0)
	{
		revision->before = value;
		revision->follows = true;
	}
	else if (strcmp(name, "depends_on") == 0)
		revision->depends = value;
	else if (strcmp(name, "branch_labels") == 0)
		revision->labels = value;
	else
	{
		if (list_length(value) != 1)
			bad_value(python, name);
		revision->id = linitial(value);
		if (strpbrk(revision->id, "@-+:! ") != NULL || strcmp(revision->id, "base") == 0)
			bad_python(python, python->line,
					   psprintf("\"%s\" is no name of a revision", revision->id),
					   "It has no blank, \"@\", \"-\", \"+\", \":\" or \"!\", and is not base.");
	}
}

/* The module's own string: a title, and when the revision was made. */
static void
read_title(Revision *revision, const char *start, size_t len)
{
	static const char label[] = "Create Date:";
	char	   *text = pnstrdup(start, len);
	char	   *created = strstr(text, label);
	char	   *title = text + strspn(text, " \t\r\n");

	if (created)
	{
		created += strlen(label);
		revision->created = mig_copy_trimmed(created, created + strcspn(created, "\r\n"));
	}
	revision->title = mig_copy_trimmed(title, title + strcspn(title, "\r\n"));
}

static void
read_revision(const MigFileEntry *entry, Revision *revision)
{
	Python		python = {entry, entry->text, 1};
	bool		line_start = true;	/* of a statement, not indented */
	bool		first = true;	/* nothing but comments so far */
	int			nesting = 0;

	revision->entry = entry;
	revision->created = pstrdup("");
	while (*python.p)
	{
		char		c = *python.p;

		if (c == '\n')
		{
			advance(&python);
			line_start = nesting == 0;
			continue;
		}
		if (c == '#')
		{
			skip_comment(&python);
			continue;
		}
		if (skip_continuation(&python))
			continue;
		if (c == '\'' || c == '"')
		{
			size_t		len;
			const char *start = skip_string(&python, &len);

			if (first)
				read_title(revision, start, len);
		}
		else if (is_letter(c))
		{
			const char *name = python.p;

			while (is_letter(*python.p) || mig_is_digit(*python.p))
				python.p++;
			if (first && python.p - name == 1 && (*python.p == '\'' || *python.p == '"'))
				continue;		/* what kind of string follows */
			if (line_start)
				read_assignment(&python, revision, pnstrdup(name, python.p - name));
		}
		else
		{
			if (c == '(' || c == '[' || c == '{')
				nesting++;
			else if ((c == ')' || c == ']' || c == '}') && nesting > 0)
				nesting--;
			advance(&python);
			if (is_blank(c))
			{
				line_start = false;
				continue;
			}
		}
		line_start = first = false;
	}
	if (revision->id == NULL || !revision->follows)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" does not set %s", entry->file->path,
						revision->id ? "down_revision" : "revision"),
				 errdetail("A revision of Alembic has a line of its own for it.")));
}

/*
 * The order.
 */

static int
compare_revisions(const void *a, const void *b)
{
	const Revision *left = a;
	const Revision *right = b;
	int			order = strcmp(left->created, right->created);

	return order != 0 ? order :
		strcmp(left->entry->file->path, right->entry->file->path);
}

/* They lie in an array, the first ones first. */
static int
compare_nodes(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

/* Make names in one revision's file the indexes of those that are meant. */
static void
link_revisions(Revision *revisions, int index, List *names, const char *what,
			   HTAB *ids, HTAB *labels)
{
	Revision   *revision = &revisions[index];
	ListCell   *lc;

	foreach(lc, names)
	{
		const char *name = lfirst(lc);
		Named	   *named = hash_search(ids, &name, HASH_FIND, NULL);

		if (named == NULL && labels)
			named = hash_search(labels, &name, HASH_FIND, NULL);
		if (named == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("%s \"%s\" of file \"%s\" is not there", what, name,
							revision->entry->file->path),
					 errdetail("No file has that revision.")));
		if (list_member_int(revision->needs, named->index))
			continue;
		revision->needs = lappend_int(revision->needs, named->index);
		revisions[named->index].followers =
			lappend_int(revisions[named->index].followers, index);
		revision->left++;
	}
}

/* Name a circle of those that have no place. */
static void
refuse_circle(const Revision *revisions, int n)
{
	bool	   *seen = palloc0(sizeof(bool) * n);
	StringInfoData circle;
	int			start = 0;
	int			i;

	while (revisions[start].place > 0)
		start++;

	/* each of them needs another one of them */
	for (;;)
	{
		ListCell   *lc;

		if (seen[start])
			break;
		seen[start] = true;
		foreach(lc, revisions[start].needs)
		{
			if (revisions[lfirst_int(lc)].place == 0)
			{
				start = lfirst_int(lc);
				break;
			}
		}
	}
	initStringInfo(&circle);
	i = start;
	do
	{
		ListCell   *lc;

		appendStringInfo(&circle, "%s -> ", revisions[i].id);
		foreach(lc, revisions[i].needs)
		{
			if (revisions[lfirst_int(lc)].place == 0)
			{
				i = lfirst_int(lc);
				break;
			}
		}
	} while (i != start);
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("revision \"%s\" of file \"%s\" comes before itself",
					revisions[start].id, revisions[start].entry->file->path),
			 errdetail("Each follows the next: %s%s.", circle.data, revisions[start].id)));
}

/*
 * Give each its place: after all that it needs, else by the time it was made
 * and by the name of its file.
 */
static void
order_revisions(Revision *revisions, int n)
{
	pairingheap *ready = pairingheap_allocate(compare_nodes, NULL);
	int			place = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		if (revisions[i].left == 0)
			pairingheap_add(ready, &revisions[i].node);
	}
	while (!pairingheap_is_empty(ready))
	{
		Revision   *revision = (Revision *) pairingheap_remove_first(ready);
		ListCell   *lc;

		revision->place = ++place;
		foreach(lc, revision->followers)
		{
			Revision   *follower = &revisions[lfirst_int(lc)];

			if (--follower->left == 0)
				pairingheap_add(ready, &follower->node);
		}
	}
	pairingheap_free(ready);
	if (place < n)
		refuse_circle(revisions, n);
}

/* What follows the revision in the file's name, or the title. */
static char *
name_of(const Revision *revision)
{
	const char *base = revision->entry->base;
	const char *dot = strrchr(base, '.');
	const char *slug = strstr(base, revision->id);

	if (slug)
	{
		slug += strlen(revision->id);
		slug += strspn(slug, "_-");
		if (slug < dot)
			return pnstrdup(slug, dot - slug);
	}
	if (revision->title && revision->title[0] != '\0')
		return revision->title;
	return pnstrdup(base, dot - base);
}

static List *
alembic_finish(List *entries, List *sources)
{
	Revision   *revisions = palloc0_array(Revision, list_length(entries));
	HTAB	   *ids;
	HTAB	   *labels;
	List	   *result = NIL;
	int			n = 0;
	int			i;
	ListCell   *lc;

	foreach(lc, entries)
	{
		const MigFileEntry *entry = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (entry->format == &mig_format_alembic && is_revision(entry))
			read_revision(entry, &revisions[n++]);
	}
	qsort(revisions, n, sizeof(Revision), compare_revisions);

	ids = mig_string_table("revisions", sizeof(Named), n);
	labels = mig_string_table("labels of revisions", sizeof(Named), 0);
	for (i = 0; i < n; i++)
	{
		bool		found;
		Named	   *named = hash_search(ids, &revisions[i].id, HASH_ENTER, &found);

		if (found)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_CONFLICT),
					 errmsg("files \"%s\" and \"%s\" both have the revision \"%s\"",
							revisions[named->index].entry->file->path,
							revisions[i].entry->file->path, revisions[i].id),
					 errhint("Remove one of them, or give it another revision.")));
		named->index = i;
		foreach(lc, revisions[i].labels)
		{
			const char *label = lfirst(lc);

			named = hash_search(labels, &label, HASH_ENTER, &found);
			named->index = i;
		}
	}
	for (i = 0; i < n; i++)
	{
		link_revisions(revisions, i, revisions[i].before, "down_revision", ids, NULL);
		link_revisions(revisions, i, revisions[i].depends, "depends_on", ids, labels);
	}
	order_revisions(revisions, n);

	for (i = 0; i < n; i++)
	{
		const Revision *revision = &revisions[i];
		MigSource  *source = palloc0(sizeof(MigSource));

		source->kind = MIG_KIND_VERSIONED;
		source->format = mig_format_alembic.name;
		source->version = revision->id;
		source->name = name_of(revision);
		source->place = revision->place;
		foreach(lc, revision->needs)
			source->requires = lappend(source->requires, revisions[lfirst_int(lc)].id);
		mig_whole_script(revision->entry, source, &source->up);
		result = lappend(result, source);
	}
	hash_destroy(ids);
	hash_destroy(labels);
	return result;
}

const MigFormat mig_format_alembic = {
	.name = "alembic",
	.files = "<revision>_<name>.py",
	.languages = "Python",
	.scattered = true,
	.together = true,
	.recognise = alembic_recognise,
	.settings = alembic_settings,
	.index = alembic_index,
	.read_list = alembic_read_list,
	.finish = alembic_finish
};
