export interface ModelPackageGroup {
  readonly ModelPackageGroupName: string;
  readonly ModelPackageGroupArn: string;
  readonly ModelPackageGroupDescription?: string | undefined;
  readonly ModelPackageGroupStatus: 'Completed';
  readonly CreationTime: Date;
  /** The highest version ever given; a deleted version's number is not used again. */
  readonly lastVersion: number;
}

/** A group as Describe and List give it. */
export const describeGroup = ({ lastVersion: _, ...group }: ModelPackageGroup) => group;
