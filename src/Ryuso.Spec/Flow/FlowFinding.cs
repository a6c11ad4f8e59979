using Ryuso.Spec.Model;

namespace Ryuso.Spec.Flow;

internal enum FlowFault { NotProvided, OtherType, MayLack }

/// <summary>
/// A fault in the walk of one program. <see cref="Via"/> is the reference that leads to the reader, <see cref="Within"/> the innermost program
/// around it. <see cref="Near"/> is a sentence that names a variable like it, or nothing.
/// </summary>
internal sealed record FlowFinding(FlowFault Fault, FlowArg Reader, FlowArg? Writer, SpecItem Program, SpecItem Within, ItemReference? Via, string Near);
