/*-------------------------------------------------------------------------
 *
 * format_liquibase_tree.c
 *	  Changelogs of Liquibase in XML, YAML and JSON, as far as they say which
 *	  other files there are and which changesets they have themselves.
 *
 * The three make the same tree: attributes and elements are its nodes.  JSON
 * is read by the server's own parser.  XML and YAML are scanned for tags and
 * for lines "key: value": that is all which changelogs need, and what a
 * changeset does is of no interest here.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_liquibase.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

static MigLbNode *
new_node(MigLbNode *parent, char *name, char *value, int line)
{
	MigLbNode  *node = palloc0(sizeof(MigLbNode));

	node->name = name;
	node->value = value;
	node->line = line;
	if (parent)
		parent->children = lappend(parent->children, node);
	return node;
}

/*
 * mig_lb_child
 *		The first child of that name, or NULL.
 */
MigLbNode *
mig_lb_child(const MigLbNode *node, const char *name)
{
	ListCell   *lc;

	foreach(lc, node->children)
	{
		MigLbNode  *child = lfirst(lc);

		if (strcmp(child->name, name) == 0)
			return child;
	}
	return NULL;
}

/*
 * mig_lb_value
 *		The value of an attribute, or NULL.
 */
const char *
mig_lb_value(const MigLbNode *node, const char *name)
{
	const MigLbNode *child = mig_lb_child(node, name);

	return child ? child->value : NULL;
}

/*
 * XML.
 */

typedef struct Xml
{
	const char *path;
	const char *p;
	int			line;
} Xml;

static void
xml_move(Xml *xml, const char *to)
{
	for (; xml->p < to; xml->p++)
	{
		if (*xml->p == '\n')
			xml->line++;
	}
}

/* Go behind the end of what began here. */
static void
xml_skip_to(Xml *xml, const char *end, const char *what)
{
	const char *found = strstr(xml->p, end);

	if (found == NULL)
		mig_lb_bad(xml->path, xml->line, psprintf("unterminated %s", what),
				   "The file is not XML that can be read.");
	xml_move(xml, found + strlen(end));
}

static void
xml_skip_space(Xml *xml)
{
	const char *p = xml->p;

	while (mig_lb_is_space(*p))
		p++;
	xml_move(xml, p);
}

/* A name without the prefix of its name space. */
static char *
xml_name(Xml *xml)
{
	const char *start = xml->p;
	const char *colon = NULL;

	for (; *xml->p && !mig_lb_is_space(*xml->p) && strchr("=/<>\"'", *xml->p) == NULL; xml->p++)
	{
		if (*xml->p == ':')
			colon = xml->p;
	}
	if (xml->p == start)
		mig_lb_bad(xml->path, xml->line, "name missing",
				   "The file is not XML that can be read.");
	return colon ? pnstrdup(colon + 1, xml->p - colon - 1) :
		pnstrdup(start, xml->p - start);
}

static char *
xml_unescape(const char *from, const char *to)
{
	static const char *const entities[][2] = {
		{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"},
		{"&amp;", "&"}
	};
	StringInfoData buf;

	initStringInfo(&buf);
	while (from < to)
	{
		int			i;

		for (i = 0; i < lengthof(entities); i++)
		{
			if (strncmp(from, entities[i][0], strlen(entities[i][0])) == 0)
				break;
		}
		if (*from == '&' && i < lengthof(entities))
		{
			appendStringInfoString(&buf, entities[i][1]);
			from += strlen(entities[i][0]);
		}
		else
			appendStringInfoChar(&buf, *from++);
	}
	return buf.data;
}

/* The attributes of a tag, and its end; true if the element has no content. */
static bool
xml_attributes(Xml *xml, MigLbNode *node)
{
	for (;;)
	{
		char	   *name;
		const char *start;
		const char *end;
		int			line;

		xml_skip_space(xml);
		if (*xml->p == '>')
		{
			xml->p++;
			return false;
		}
		if (xml->p[0] == '/' && xml->p[1] == '>')
		{
			xml->p += 2;
			return true;
		}
		line = xml->line;
		name = xml_name(xml);
		xml_skip_space(xml);
		if (*xml->p == '=')
		{
			xml->p++;
			xml_skip_space(xml);
		}
		else
			xml->p += strlen(xml->p);
		start = xml->p + 1;
		end = *xml->p == '"' || *xml->p == '\'' ? strchr(start, *xml->p) : NULL;
		if (end == NULL)
			mig_lb_bad(xml->path, line,
					   psprintf("attribute \"%s\" without a value", name),
					   "The file is not XML that can be read.");
		new_node(node, name, xml_unescape(start, end), line);
		xml_move(xml, end + 1);
	}
}

static MigLbNode *
parse_xml(const MigFileEntry *entry)
{
	Xml			xml = {entry->file->path, entry->text, 1};
	MigLbNode  *root = NULL;
	List	   *open = NIL;		/* of MigLbNode *, the innermost last */

	for (;;)
	{
		MigLbNode  *parent = open ? llast(open) : NULL;
		const char *next = strchr(xml.p, '<');

		CHECK_FOR_INTERRUPTS();
		if (next == NULL)
			break;
		/* the text of an element without others, such as <tag>x</tag> */
		if (parent && parent->children == NIL && parent->value == NULL)
		{
			const char *from = xml.p;
			const char *to = next;

			while (from < to && mig_lb_is_space(*from))
				from++;
			while (to > from && mig_lb_is_space(to[-1]))
				to--;
			if (to > from)
				parent->value = xml_unescape(from, to);
		}
		xml_move(&xml, next);
		if (strncmp(xml.p, "<!--", 4) == 0)
			xml_skip_to(&xml, "-->", "comment");
		else if (strncmp(xml.p, "<![CDATA[", 9) == 0)
			xml_skip_to(&xml, "]]>", "CDATA section");
		else if (xml.p[1] == '?' || xml.p[1] == '!')
			xml_skip_to(&xml, ">", "declaration");
		else if (xml.p[1] == '/')
		{
			char	   *name;

			xml.p += 2;
			name = xml_name(&xml);
			if (parent == NULL || strcmp(parent->name, name) != 0)
				mig_lb_bad(xml.path, xml.line,
						   psprintf("misplaced end of element \"%s\"", name),
						   "The file is not XML that can be read.");
			open = list_delete_last(open);
			xml_skip_to(&xml, ">", "tag");
		}
		else
		{
			MigLbNode  *node;
			int			line = xml.line;

			xml.p++;
			node = new_node(parent, xml_name(&xml), NULL, line);
			if (parent == NULL)
			{
				if (root)
					mig_lb_bad(xml.path, line, "second element on the outside",
							   "The file is not XML that can be read.");
				root = node;
			}
			if (!xml_attributes(&xml, node))
				open = lappend(open, node);
		}
	}
	if (open != NIL)
		mig_lb_bad(xml.path, ((MigLbNode *) llast(open))->line,
				   psprintf("unterminated element \"%s\"",
							((MigLbNode *) llast(open))->name),
				   "The file is not XML that can be read.");
	return root;
}

/*
 * YAML.
 */

/* A node whose children may follow, and where its line has it. */
typedef struct YamlOpen
{
	MigLbNode  *node;
	int			indent;			/* of its key */
	int			dash;			/* of the dash before it, or -1 */
} YamlOpen;

/* The value of a key, without quotes and without a comment behind it. */
static char *
yaml_scalar(const char *from, const char *to)
{
	const char *p;

	while (from < to && mig_lb_is_space(*from))
		from++;
	while (to > from && mig_lb_is_space(to[-1]))
		to--;
	if (from < to && (*from == '"' || *from == '\''))
	{
		const char *end = memchr(from + 1, *from, to - from - 1);

		if (end)
			return pnstrdup(from + 1, end - from - 1);
	}
	for (p = from; p < to; p++)
	{
		if (*p == '#' && (p == from || mig_lb_is_space(p[-1])))
		{
			to = p;
			break;
		}
	}
	while (to > from && mig_lb_is_space(to[-1]))
		to--;
	return pnstrdup(from, to - from);
}

/* Where the key that begins here ends with a colon, or NULL. */
static const char *
yaml_colon(const char *p, const char *end)
{
	if (p < end && (*p == '"' || *p == '\''))
	{
		const char *quote = memchr(p + 1, *p, end - p - 1);

		if (quote == NULL)
			return NULL;
		p = quote + 1;
	}
	for (; p < end; p++)
	{
		if (*p == ':' && (p + 1 == end || mig_lb_is_space(p[1])))
			return p;
	}
	return NULL;
}

/* {key: value, key: value} */
static void
yaml_flow(const char *path, MigLbNode *node, const char *text, int line)
{
	const char *p = text + 1;
	const char *end = text + strlen(text);

	if (end[-1] != '}' || memchr(p, '{', end - p) || memchr(p, '[', end - p))
		mig_lb_bad(path, line, "value that cannot be read",
				   "Write each key on a line of its own.");
	end--;
	while (p < end)
	{
		const char *stop = p;
		const char *colon;
		char		quote = '\0';

		for (; stop < end && (quote || *stop != ','); stop++)
		{
			if (quote ? *stop == quote : (*stop == '"' || *stop == '\''))
				quote = quote ? '\0' : *stop;
		}
		while (p < stop && mig_lb_is_space(*p))
			p++;
		colon = yaml_colon(p, stop);
		if (colon == NULL && p < stop)
			mig_lb_bad(path, line, "value that cannot be read",
					   "Write each key on a line of its own.");
		if (colon)
			new_node(node, yaml_scalar(p, colon), yaml_scalar(colon + 1, stop), line);
		p = stop + 1;
	}
}

static MigLbNode *
parse_yaml(const MigFileEntry *entry)
{
	const char *path = entry->file->path;
	MigLbNode  *top = new_node(NULL, pstrdup(""), NULL, 1);
	List	   *open = list_make1(palloc0(sizeof(YamlOpen)));
	int			literal = -1;	/* deeper lines are of a text */
	int			number = 0;
	const char *next = entry->text;

	((YamlOpen *) linitial(open))->node = top;
	((YamlOpen *) linitial(open))->indent = -1;
	((YamlOpen *) linitial(open))->dash = -1;
	while (*next)
	{
		const char *start = next;
		const char *end = start + strcspn(start, "\r\n");
		const char *p = start;
		const char *colon;
		YamlOpen   *last;
		YamlOpen   *opened;
		int			indent;
		int			dash = -1;
		char	   *value;

		CHECK_FOR_INTERRUPTS();
		number++;
		next = end + (*end == '\r');
		next += *next == '\n';
		while (*p == ' ')
			p++;
		indent = p - start;
		if (p == end || *p == '#' || *p == '%' || (indent == 0 && strncmp(p, "---", 3) == 0) ||
			(literal >= 0 && indent > literal))
			continue;
		literal = -1;
		if (*p == '\t')
			mig_lb_bad(path, number, "tab before a key",
					   "YAML is indented by spaces.");
		while (*p == '-' && (p + 1 == end || p[1] == ' '))
		{
			dash = indent;
			for (p++; *p == ' '; p++)
				;
			indent = p - start;
		}
		for (;;)
		{
			last = llast(open);
			if (dash >= 0 ? (last->dash >= 0 ? last->dash >= dash : last->indent > dash) :
				last->indent >= indent)
				open = list_delete_last(open);
			else
				break;
		}
		colon = yaml_colon(p, end);
		if (colon == NULL)
		{
			/* more of a text, or a list of texts: no key of a changelog */
			if (list_length(open) <= 3)
				mig_lb_bad(path, number, "line that cannot be read",
						   "A changelog in YAML has lines \"key: value\" here.");
			continue;
		}

		value = yaml_scalar(colon + 1, end);
		opened = palloc(sizeof(YamlOpen));
		opened->node = new_node(last->node, yaml_scalar(p, colon), NULL, number);
		opened->indent = indent;
		opened->dash = dash;
		if (*value == '|' || *value == '>')
			literal = dash >= 0 ? dash : indent;
		else if (*value == '{')
			yaml_flow(path, opened->node, value, number);
		else if (*value == '&' || *value == '*')
			mig_lb_bad(path, number, "value that cannot be read",
					   "Anchors and aliases are not supported.");
		else if (*value)
			opened->node->value = value;
		open = lappend(open, opened);
	}
	return mig_lb_child(top, "databaseChangeLog");
}

/*
 * JSON.
 */

static char *
json_scalar(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			return NULL;
	}
}

/* What is in an array or an object, whose beginning was read, under a node. */
static void
json_children(JsonbIterator **it, MigLbNode *parent)
{
	JsonbValue	value;
	JsonbIteratorToken token;
	MigLbNode  *node = NULL;

	check_stack_depth();
	while ((token = JsonbIteratorNext(it, &value, false)) != WJB_DONE)
	{
		switch (token)
		{
			case WJB_KEY:
				node = new_node(parent, pnstrdup(value.val.string.val, value.val.string.len),
								NULL, 0);
				break;
			case WJB_VALUE:
				node->value = json_scalar(&value);
				break;
			case WJB_BEGIN_ARRAY:
			case WJB_BEGIN_OBJECT:
				/* an array's objects are keys of its own node */
				json_children(it, node ? node : parent);
				break;
			case WJB_END_ARRAY:
			case WJB_END_OBJECT:
				return;
			default:
				break;
		}
	}
}

static MigLbNode *
parse_json(const MigFileEntry *entry)
{
	MigLbNode  *top = new_node(NULL, pstrdup(""), NULL, 0);
	JsonbIterator *it = JsonbIteratorInit(&mig_parse_json(entry)->root);
	JsonbValue	value;

	(void) JsonbIteratorNext(&it, &value, false);
	json_children(&it, top);
	return mig_lb_child(top, "databaseChangeLog");
}

/*
 * mig_lb_parse
 *		The tree of a changelog that is not SQL.
 */
MigLbNode *
mig_lb_parse(const MigFileEntry *entry)
{
	size_t		len = strlen(entry->base);
	MigLbNode  *root;

	if (mig_has_suffix(entry->base, len, ".xml"))
		root = parse_xml(entry);
	else if (mig_has_suffix(entry->base, len, ".json"))
		root = parse_json(entry);
	else
		root = parse_yaml(entry);
	if (root == NULL || strcmp(root->name, "databaseChangeLog") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" is no changelog", entry->file->path),
				 errdetail("It mentions databaseChangeLog, but does not begin with it.")));
	return root;
}
