// Package restxml is the wire form of S3: XML documents in requests and answers, and the parts of it
// that recur, such as errors, timestamps and keys that XML cannot carry. It knows no operation.
//
// Requests are read strictly. Decode takes a document of known shape and refuses, with MalformedXML,
// everything that its target has no place for: unknown and repeated elements, attributes other than
// namespace declarations, text between elements, document type declarations, entities beyond the five
// of XML, processing instructions. An element that was dropped could be the one that limits what the
// request asks for.
//
// Answers are written by a Document, element by element:
//
//	<?xml version="1.0" encoding="UTF-8"?>
//	<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>…</Name>…</ListBucketResult>
//
// Error documents have no namespace.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html
package restxml

// Namespace is that of all documents of S3 but errors. A request may leave it out.
const Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// ContentType is the media type of answers.
const ContentType = "application/xml"
